"""Typed canonical JSON."""

import json
import re
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from enum import IntEnum
from importlib import import_module
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox_runner.jail import values
from sandbox_runner.jail.values import Look

_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()
)
_HASHABLE = st.one_of(_SCALARS, st.tuples(_SCALARS, _SCALARS), st.frozensets(_SCALARS, max_size=3))
_VALUES = st.recursive(
    st.one_of(_HASHABLE, st.complex_numbers(allow_nan=False), st.sets(_HASHABLE, max_size=4)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_HASHABLE, inner, max_size=4),
    max_leaves=10,
)


@given(_VALUES)
def test_a_plain_value_survives_the_journey(value: object) -> None:
    assert values.decode(values.encode(value)) == value


@given(_VALUES)
def test_a_plain_value_keeps_its_type(value: object) -> None:
    assert type(values.decode(values.encode(value))) is type(value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_bytes_that_nobody_encoded_are_refused_or_decoded_but_never_crash(noise: bytes) -> None:
    try:
        values.decode(noise)
    except values.MalformedValueError:
        return


@pytest.mark.parametrize(
    "text",
    [
        '{"set":[[1]]}',
        '{"dict":[1]}',
        '{"a":1,"b":2}',
        '{"bytes":"zz"}',
        '{"int":"x"}',
        '{"complex":[1]}',
        "[" * 100_000,
    ],
)
def test_a_forged_document_is_malformed(text: str) -> None:
    with pytest.raises(values.MalformedValueError):
        values.decode(text)


class _Grade(IntEnum):
    TOP = 1


Point = namedtuple("Point", "x y")  # noqa: PYI024 - programs under test use it


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (_Grade.TOP, 1),
        (Counter("aab"), {"a": 2, "b": 1}),
        (defaultdict(list, {1: [2]}), {1: [2]}),
        (OrderedDict(a=1), {"a": 1}),
        (Point(1, 2), (1, 2)),
    ],
)
def test_a_subclass_of_a_plain_type_becomes_the_plain_type(value: object, plain: object) -> None:
    decoded = values.decode(values.encode(value))

    assert decoded == plain
    assert type(decoded) is type(plain)


_SAME_HASH = [n * sys.hash_info.modulus for n in range(1, 5_000)]


@pytest.mark.parametrize("kind", ["set", "frozenset"])
def test_a_set_made_to_collide_is_malformed(kind: str) -> None:
    with pytest.raises(values.MalformedValueError, match="share a hash"):
        values.decode(json.dumps({kind: _SAME_HASH}))


def test_a_dict_made_to_collide_is_malformed() -> None:
    with pytest.raises(values.MalformedValueError, match="share a hash"):
        values.decode(json.dumps({"dict": [[key, 0] for key in _SAME_HASH]}))


def test_the_same_value_many_times_is_no_collision() -> None:
    assert values.decode(json.dumps({"set": [7] * 5_000})) == {7}


def test_an_integer_too_long_for_decimal_digits_survives() -> None:
    assert values.decode(values.encode(-(7**20_000))) == -(7**20_000)


def test_an_object_that_equals_everything_becomes_an_opaque_name() -> None:
    class Everything:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    assert values.decode(values.encode([Everything()])) == [values.Opaque("Everything")]


class _Sized:
    def __len__(self) -> int:
        return 4


@pytest.mark.parametrize(
    ("look", "value", "seen"),
    [
        (Look.ITEMS, range(3), [0, 1, 2]),
        (Look.ITEMS, map(str, (1, 2)), ["1", "2"]),
        (Look.ITEMS, deque([1]), [1]),
        (Look.ITEMS, (1, 2), (1, 2)),
        (Look.ITEMS, {1: 2}, {1: 2}),
        (Look.SIZE, range(3), [0, 1, 2]),
        (Look.TRUTH, re.compile(""), True),
        (Look.TRUTH, range(0), False),
        (Look.TRUTH, [], []),
        (Look.TRUTH, None, None),
    ],
)
def test_what_a_test_looks_at_is_plain_data(look: Look, value: object, seen: object) -> None:
    looked = values.looked_at(value, look)

    assert (looked, type(looked)) == (seen, type(seen))


@pytest.mark.parametrize(
    ("look", "value"),
    [(Look.NOTHING, range(3)), (Look.ITEMS, object()), (Look.SIZE, iter([])), (Look.ITEMS, _Sized())],
)
def test_what_cannot_be_looked_at_stays_what_it_is(look: Look, value: object) -> None:
    assert values.looked_at(value, look) is value


@pytest.mark.skipif(find_spec("numpy") is None, reason="NO numpy")
def test_a_scalar_of_numpy_is_the_plain_value() -> None:
    numpy = import_module("numpy")
    returned = [numpy.int64(4), numpy.bool_(1), numpy.float32(0.5), numpy.longdouble(1), numpy.zeros(1)]

    seen = values.decode(values.encode(returned))

    assert seen == [4, True, 0.5, values.Opaque("longdouble"), values.Opaque("ndarray")]
    assert [type(item) for item in seen[:3]] == [int, bool, float]


def test_an_int_that_lies_about_equality_is_sent_as_what_it_is() -> None:
    class Liar(int):
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 0

        def __index__(self) -> int:
            return 42

    assert values.decode(values.encode(Liar(3))) == 3


def test_a_list_that_contains_itself_ends_at_the_depth_limit() -> None:
    endless: list[object] = []
    endless.append(endless)

    assert "nested deeper" in values.encode(endless)


def test_a_set_of_many_foreign_objects_is_a_value() -> None:
    assert values.untag({"set": [{"opaque": "A"}] * 1000}) == {values.Opaque("A")}


def test_a_complex_number_too_large_for_a_float_is_refused() -> None:
    with pytest.raises(values.MalformedValueError, match="too large"):
        values.untag({"complex": [10**400, 0]})
