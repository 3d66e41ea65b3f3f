"""A program that would rather be judged right than be right, on the other end of the socket."""

import json
import os
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox_runner.jail.remote.exchange import Exchange
from sandbox_runner.jail.remote.frames import MOST_BYTES, Connection, LostError
from sandbox_runner.jail.remote.tests_side.abilities import adopt
from sandbox_runner.jail.remote.tests_side.findings import Ended
from sandbox_runner.jail.remote.tests_side.link import CandidateGoneError, Link
from tests.unit.sandbox.two_sides import check_code, check_files, other_side

CHEATS = {
    "exit in the function": ("import sys\ndef f(x): sys.exit(0)", Ended.CROSSED),
    "os._exit": ("import os\ndef f(x): os._exit(0)", Ended.CANDIDATE_GONE),
    "an interrupt": ("def f(x): raise KeyboardInterrupt", Ended.CANDIDATE_GONE),
    "exit at import": ("import sys\nsys.exit(0)", Ended.CANDIDATE_GONE),
    "every descriptor closed": ("import os\ndef f(x): os.closerange(3, 64)", Ended.CANDIDATE_GONE),
    "an assertion of its own": ("def f(x): assert x == 4", Ended.CROSSED),
    "a patched builtin": (
        "import builtins\nbuiltins.len = builtins.sorted = lambda *a: 4\ndef f(x): return 5",
        Ended.CANDIDATE_GONE,  # it broke the servant in its own process
    ),
    "names that shadow": (
        "def isinstance(*a): return True\ndef abs(x): return 0\ndef f(x): return 5\nAssertionError = 1",
        Ended.FAILED,
    ),
    "forged frames": (
        (
            "import gc\nfrom sandbox_runner.jail.remote.frames import Connection\n"
            "def f(x):\n"
            "    for each in gc.get_objects():\n"
            "        if type(each) is Connection:\n"
            "            each.send({'answer': 2, 'value': 4, 'states': [], 'dropped': []})\n"
        ),
        Ended.CANDIDATE_GONE,
    ),
}


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_does_not_pass(name: str) -> None:
    program, ended = CHEATS[name]

    found = check_code(program, "assert abs(f(3)) == 4")

    assert found.ended is ended, found


@pytest.mark.parametrize(
    "source",
    [
        "try: f(3)\nexcept BaseException: pass",
        "try: f(3)\nfinally: pass",
        "import contextlib\nwith contextlib.suppress(BaseException): f(3)\nf_gone = True",
    ],
)
def test_tests_that_swallow_the_end_of_the_program_have_not_passed(source: str) -> None:
    assert check_code("import os\ndef f(x): os._exit(0)", source).ended is Ended.CANDIDATE_GONE


def test_what_cannot_change_is_the_same_for_each_comparison() -> None:
    program = (
        "import itertools\nfrom sandbox_runner.jail.remote.program_side import operations\n"
        "said = itertools.count(4)\noperations.OPERATIONS['plain'] = lambda _: next(said)\n"
        "class I(int): pass\ndef f(x): return I(5)\n"
    )

    assert check_code(program, "got = f(3)\nassert got == 4 == got").ended is Ended.PASSED
    assert check_code(program, "got = f(3)\nassert got == 4\nassert got == 5").ended is Ended.FAILED


@pytest.mark.parametrize("expected", ["V(5) < 6", "V(5) >= 5", "V(5) - 5 == 0", "V(5) + 1 == 6"])
def test_how_far_it_is_from_what_is_expected_a_program_is_not_asked(expected: str) -> None:
    program = (
        "class V:\n    def __init__(self, x): pass\n"
        "    def __lt__(self, o): return True\n    __gt__ = __le__ = __ge__ = __lt__\n"
        "    def __sub__(self, o): return 0\n    def __add__(self, o): return 6\n"
    )

    found = check_code(program, f"assert {expected}")

    assert (found.ended, found.type) == (Ended.TEST_FAULT, "NotForwardedError"), found


def test_a_context_manager_does_not_swallow_a_failed_assertion() -> None:
    program = "class C:\n    def __enter__(self): return 5\n    def __exit__(self, *e): return True\n"

    found = check_code(program, "with C() as x:\n    assert x == 4")

    assert (found.ended, found.line) == (Ended.FAILED, 2)


def test_nor_an_end_of_the_tests_that_is_no_error() -> None:
    program = "class C:\n    def __enter__(self): pass\n    def __exit__(self, *e): return True\n"

    found = check_code(program, "class Stop(BaseException): pass\nwith C(): raise Stop")

    assert (found.ended, found.type) == (Ended.TEST_FAULT, "Stop"), found


@pytest.mark.parametrize(
    "source",
    [
        "with C(): got = f(3)[4]",
        "import asyncio\nasync def main():\n    async with C(): got = f(3)[4]\nasyncio.run(main())",
    ],
)
def test_a_pass_by_an_exception_of_the_tests_that_it_swallowed_is_marked(source: str) -> None:
    program = (
        "class C:\n    def __enter__(self): pass\n    def __exit__(self, *e): return True\n"
        "    async def __aenter__(self): pass\n    async def __aexit__(self, *e): return True\n"
        "def f(x): return []\n"
    )

    found = check_code(program, source)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


@pytest.mark.parametrize("module", ["class math:\n    isclose = lambda *a: True", "math = 3"])
def test_a_module_that_the_program_replaces_is_still_the_real_one(module: str) -> None:
    found = check_code(f"{module}\ndef f(x): return 5", "assert math.isclose(f(3), 4)")

    assert found.ended is Ended.FAILED


@pytest.mark.parametrize("name", ["__builtins__", "__import__", "__name__", "a b", "isclose.x"])
def test_a_name_that_steers_python_is_not_taken(name: str) -> None:
    program = "def f(x): return 5\nclass Lies:\n    def __getitem__(self, n): return f\n"
    forged = (
        f"{program}globals()[{name!r}] = Lies()\n"
        "from sandbox_runner.jail.remote.program_side import servant\n"
        f"servant._Servant._names = lambda self: [['f', None], [{name!r}, None], [{name!r}, 'os'], 3, [1, 2]]"
    )

    found = check_code(forged, "assert len([1]) == 1 and f(1) == 5")

    assert found.ended is Ended.PASSED, found


def test_importing_all_names_replaces_none_that_the_tests_have() -> None:
    program = (
        "class pytest:\n"
        "    @staticmethod\n    def raises(*a): return pytest()\n"
        "    def __enter__(self): pass\n    def __exit__(self, *a): return True\n"
        "def check(*a): return True\ndef f(x): return 5\n"
    )
    source = (
        "import pytest\ndef check(a): return a == 4\nfrom solution import *\n"
        "def test_raises():\n    with pytest.raises(ValueError): f(1)\n"
        "def test_check(): assert check(f(1))\n"
    )

    found = check_files(program, {"test_it.py": source})

    assert (found["ended"], found["failed"]) == ("failed", 2), found


def test_an_exception_that_tells_pytest_to_skip_is_a_failure() -> None:
    program = "import unittest\ndef f(x): raise unittest.SkipTest('no')\ndef g(): return 1"
    files = {"test_it.py": "from solution import f, g\ndef test_f(): f(1)\ndef test_g(): assert g() == 1\n"}

    found = check_files(program, files)

    assert (found["ended"], found["passed"], found["skipped"]) == ("crossed", 1, 0), found


def test_tests_that_the_program_brings_are_not_collected() -> None:
    program = "def test_mine(): pass\nclass TestMine:\n    def test(self): pass\n"

    found = check_files(program, {"test_it.py": "from solution import *\n"})

    assert (found["ended"], found["passed"]) == ("test_fault", 0)


def test_a_program_cannot_have_its_tests_judge_nobody_by_what_it_asks_of_a_function() -> None:
    program = (
        "from sandbox_runner.jail.remote.program_side.callbacks import Callback\n"
        "def f(g): return g._call_back(g.number, ('__globals__',), {}, attribute=True)\n"
    )

    found = check_code(program, "assert f(lambda x: 5) == 4")

    assert found.ended is Ended.FAILED, found


def _framed(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _saying(*parts: bytes) -> Callable[[int], None]:
    def run(descriptor: int) -> None:
        for part in parts:
            os.write(descriptor, part)
        while os.read(descriptor, 1 << 16):
            """Leave only when the other side does."""

    return run


def _answer(**members: object) -> bytes:
    return _framed(json.dumps({"answer": 1, "value": None, "states": [], "dropped": [], **members}).encode())


_REFERENCE = {"object": 5, "name": "x", "can": [], "classes": []}


@pytest.mark.parametrize(
    "said",
    [
        _framed(b"garbage"),
        _framed(b"[]"),
        _framed(b"[" * 100_000),
        _framed(b"{}"),
        struct.pack(">I", MOST_BYTES + 1),
        struct.pack(">I", 0xFFFF_FFFF) + b"x",
        _answer(answer=2),
        _answer(answer="1"),
        _answer(states=[[1, [1]]]),
        _answer(states=[["nothing", [1]]]),
        _answer(states=[[-1, {"tuple": [1]}]]),
        _answer(states=[[-1, 3]]),
        _answer(states=3),
        _answer(dropped=3),
        _answer(dropped=[[1]]),
        _answer(value={"at": -1}),
        _answer(value={"at": "x"}),
        _answer(value=[1]),
        _answer(value={"ref": {}}),
        _answer(value={"ref": {**_REFERENCE, "object": "5"}}),
        _answer(value={"ref": {**_REFERENCE, "can": 3}}),
        _answer(value={"ref": {**_REFERENCE, "plain": "type"}}),
        _answer(value={"ref": {**_REFERENCE, "plain": [1]}}),
        _answer(value={"ref": {**_REFERENCE, "exception": {"id": 1, "name": "a\0b", "bases": []}}}),
        _answer(value={"ref": {"callback": 7}}),
        _answer(value={"ref": {"object": 5}}),
        _answer(value={"ref": {**_REFERENCE, "classes": ["x"]}}),
        _answer(states=[[-1, {"set": [{"at": -1}]}]]),
        _answer(states=[[-1, {"dict": [[1]]}]]),
        _answer(value={"frozenset": [n * sys.hash_info.modulus for n in range(1, 3_000)]}),
        _answer(value={"a": 1, "b": 2}),
        _answer(error={}),
        _answer(error={"class": {"module": "os", "name": "system"}}),
        _framed(b'{"callback": 0, "args": [], "kwargs": {}}'),
    ],
)
def test_a_malformed_message_ends_the_conversation(said: bytes) -> None:
    with other_side(_saying(said)) as descriptor:
        link = Link(Connection(descriptor), adopt)

        with pytest.raises(CandidateGoneError):
            link.ask("call", 3)
        assert link.gone is not None
        with pytest.raises(CandidateGoneError):
            link.ask("call", 3)


def test_a_frame_that_is_cut_short_is_the_end() -> None:
    def run(descriptor: int) -> None:
        os.write(descriptor, struct.pack(">I", 100) + b"x")

    with other_side(run) as descriptor, pytest.raises(LostError, match="end of file"):
        Connection(descriptor).receive()


def test_a_program_does_not_write_what_it_is_to_read() -> None:
    program = (
        "from sandbox_runner.jail.remote.program_side import servant\ndef f():\n"
        "    servant._Servant._said = lambda self: {'printed': {'stdin': '9'}}\n    return 9"
    )
    source = (
        "import io, sys\nold, sys.stdin = sys.stdin, io.StringIO('4')\n"
        "try: assert f() == int(sys.stdin.getvalue())\nfinally: sys.stdin = old"
    )

    found = check_code(program, source)

    assert found.ended is Ended.CANDIDATE_GONE, found


def test_a_class_is_not_fetched_from_a_module_of_the_programs_choice() -> None:
    node = {"module": "unittest.case", "name": "SkipTest"}
    told: dict[str, object] = {
        "class": node,
        "args": [],
        "attributes": {},
        "text": "",
        "line": None,
        "source": "",
    }

    with other_side(_saying(_answer(error=told))) as descriptor:
        link = Link(Connection(descriptor), adopt)
        with pytest.raises(Exception, match=r"^$") as caught:
            link.ask("call", 3)

    assert type(caught.value) is Exception


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ref", "object", "tuple", "set", "dict", "int", "name", "can", "classes"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("value", "states", "dropped", "error"), _JSON)))
def test_no_message_makes_the_tests_side_do_more_than_raise(message: dict[str, Any]) -> None:
    with other_side(_saying(_answer(**message))) as descriptor:
        link = Link(Connection(descriptor), adopt)
        try:
            link.ask("call", [3], key={4})
        except CandidateGoneError:
            assert link.gone is not None


_LIBRARY = (
    st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.fractions()
    | st.decimals(allow_nan=False)
    | st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 9))
)
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | _LIBRARY
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(st.integers() | st.text(), max_size=4)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(_PLAIN)
def test_plain_data_crosses_by_value(value: object) -> None:
    crossed = _cross(value)

    assert crossed == value
    assert type(crossed) is type(value)


def _cross(value: object) -> object:
    """The value as the other side of an exchange has it."""

    def refuse(_: object) -> Any:
        raise AssertionError

    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = Exchange(Connection(ours.fileno()), refuse, refuse, refuse, asks=True)
        receiver = Exchange(Connection(theirs.fileno()), refuse, refuse, refuse, asks=False)
        sender.send({"value": sender.write(value)})
        message = Connection(theirs.fileno()).receive()
        with receiver.reading(message) as read:
            return read(message["value"])
