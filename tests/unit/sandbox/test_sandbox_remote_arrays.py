"""Arrays on the wire: what comes back is what went, and nothing else is taken for an array."""

import base64
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_runner.jail.remote import arrays
from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

PROGRAM = """
import numpy as np
def same(x): return x
def kept(x, kept=[]): kept.append(x); return kept[0]
def fill(x, value): x[...] = value
def part(x, n): return x[n:]
GRID = np.zeros((2, 2), int)
def row(n): return GRID[n]
def total(): return int(GRID.sum())
HELD = []
def hold(x): HELD.append(x)
def write(value): HELD.pop()[...] = value
def real(x): return x.real
def lock(x): x.flags.writeable = False
def apply(function, x):
    function(x)
    x[0] += 1
    return x
"""
HONEST = {
    "the same array": "a = np.arange(3)\nassert same(a) is a and kept(a) is a",
    "a part of it": "a = np.arange(4)\nfill(a[2:], 9)\nassert a.tolist() == [0, 1, 9, 9]",
    "two names": "a = np.arange(4)\nb = a[2:]\nfill(a, 7)\nassert b.tolist() == [7, 7]",
    "a view that comes back": (
        "a = np.arange(4)\nb = part(a, 2)\nb[0] = 9\nassert a[2] == 9\na[3] = 8\nassert b[1] == 8"
    ),
    "a view of a view": "a = np.arange(3)\nb = part(part(a, 1), 1)\nfill(b, 5)\nassert list(a) == [0, 1, 5]",
    "not a number": (
        "a = np.array([np.nan, -0.0])\nb = kept(a)\nfill(a, -0.0)\nassert str(b.tolist()) == '[-0.0, -0.0]'"
    ),
    "a lock": (
        "a = np.arange(2)\nlock(a)\nassert not a.flags.writeable\n"
        "try: a[0] = 1\nexcept ValueError: pass\nelse: assert 0"
    ),
    "a view of what is kept": "r = row(0)\nr[1] = 4\nassert total() == 4\nrow(1)[0] = 3\nassert total() == 7",
    "a view before its owner": (
        "from solution import GRID\nr = row(0)\ng = GRID\nr[1] = 4\ntotal()\nassert g[0, 1] == 4"
    ),
    "a part of another type": "z = np.zeros(2, complex)\nr = real(z)\nr[0] = 4\nreal(z)\nassert z[0] == 4",
    "a kept view of it": "a = np.arange(3)\nhold(a[1:])\ntotal()\nwrite(9)\nassert a.tolist() == [0, 9, 9]",
    "a callback": "a = np.arange(2)\nb = apply(lambda x: fill(x, 5), a)\nassert b is a and list(a) == [6, 5]",
    "nothing": "a = np.zeros((0, 3))\nassert same(a) is a and part(a, 0).shape == (0, 3)",
    "arrays in a list": "a = [np.arange(2)]\nsame(a)[0][0] = 5\nassert a[0][0] == 5 and same(a) is a",
}
_KINDS = ("?", "i1", ">u2", "<i8", "f2", ">f4", "<f8", "c8", ">c16", "S3", "U2", "M8[ns]", "m8[25s]")


@pytest.mark.parametrize("name", HONEST)
def test_an_array_is_one_object_for_both_sides(name: str) -> None:
    found = check_code(PROGRAM, f"import numpy as np\n{HONEST[name]}", None)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_bytes_of_an_array_come_back(data: st.DataObject) -> None:
    kind = np.dtype(data.draw(st.sampled_from(_KINDS)))
    shape = tuple(data.draw(st.lists(st.integers(0, 3), max_size=4)))
    content = data.draw(st.binary(min_size=64, max_size=64)) * (math.prod(shape) * kind.itemsize // 64 + 1)
    if kind.kind in "?bU":  # not every byte is one of a truth or of a character
        content = bytes(len(content))
    one = np.ndarray(shape, kind, bytearray(content))

    made: Any = arrays.made(arrays.told(one, lambda _: False))
    arrays.fill(made, arrays.members(one))

    assert (made.dtype, made.shape, made.tobytes()) == (one.dtype, one.shape, one.tobytes())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


MALFORMED: dict[str, tuple[Any, Any, Any]] = {
    "objects": ("|O", [1], _text(bytes(8))),
    "records": ("|V8", [1], _text(bytes(8))),
    "long doubles": ("<f16", [1], _text(bytes(16))),
    "a unit of numbers": ("<i8[s]", [1], _text(bytes(8))),
    "a list of types": ("i4,f8", [1], _text(bytes(12))),
    "many in one": ("(1000000,)f8", [1], ""),
    "no name": (3, [1], ""),
    "a class": ("float64", [1], _text(bytes(8))),
    "an item of no bytes": ("<U0", [10**18], ""),
    "a large item": ("|S99999999", [0], ""),
    "many dimensions": ("<i8", [1] * 65, _text(bytes(8))),
    "more than there is": ("<i8", [2], _text(bytes(8))),
    "less than there is": ("<i8", [], _text(bytes(16))),
    "a large shape of nothing": ("<i8", [0, 10**18], ""),
    "a negative shape": ("<i8", [-1, -1], _text(bytes(8))),
    "a shape of truths": ("<i8", [True], _text(bytes(8))),
    "a shape of fractions": ("<i8", [1.0], _text(bytes(8))),
    "no text": ("<i8", [1], [0] * 8),
    "no base64": ("<i8", [1], "!" * 12),
    "a truth that is neither": ("|b1", [2], _text(b"\1\2")),
    "a character that is none": ("<U1", [1], _text(b"\xff" * 4)),
    "another type": ("<f8", [1], _text(bytes(8))),
    "another shape": ("<i8", [1, 1], _text(bytes(8))),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_no_array_is_told_by_is_refused(name: str) -> None:
    kind, shape, text = MALFORMED[name]
    array = np.zeros(1, "<i8")

    with pytest.raises((ValueError, TypeError)):
        arrays.fill(array, [kind, shape, True, text])

    assert array.tolist() == [0]


@pytest.mark.parametrize(
    "told",
    [
        ("<i8", (2,), False, np.zeros(2, "<i8"), 8, (8,)),
        ("<i8", (2,), False, np.zeros(2, "<i8"), -8, (8,)),
        ("<i8", (2,), False, np.zeros(2, "<i8"), 0, (-8,)),
        ("<i8", (10**9,), False, np.zeros(2, "<i8"), 0, (0,)),
        ("<i8", (2,), False, np.zeros(4, "<i4"), 0, (8,)),
        ("<i8", (2,), False, bytearray(16), 0, (8,)),
        ("<i8", (2,), False, np.ma.array([0, 0]), 0, (8,)),
        ("<i8", (10**9,), False, None, 0, ()),
    ],
)
def test_a_view_lies_within_an_array_of_its_type(told: tuple[Any, ...]) -> None:
    with pytest.raises((ValueError, TypeError)):
        arrays.made(told)


@pytest.mark.parametrize(
    "array",
    [
        np.array([None]),
        np.zeros(2, "i4,f8"),
        np.zeros(2, "g"),
        np.zeros((1 << 20) + 1),
        np.broadcast_to(1, (10**6, 10**6)),
        np.zeros((0, 10**12)),
    ],
)
def test_an_array_that_is_no_data_is_not_told(array: Any) -> None:
    assert not arrays.is_plain(array)


@pytest.mark.parametrize("name", ["load", "ndarray.view", "linalg", "ufunc", "", None])
def test_no_name_but_that_of_a_scalar_or_of_an_array_is_looked_up(name: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        arrays.MAKERS["numpy"]([name])

    assert arrays.MAKERS["numpy"](["float32"]) is np.float32
