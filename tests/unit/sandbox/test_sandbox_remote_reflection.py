"""What tests ask of the program's objects by Python's own functions is right, or cannot be judged."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code, check_files

PROGRAM = """
import contextlib, dataclasses, typing
class S:
    def __init__(self, x=0): self.x = x
class T(S): pass
class Number(int): pass
class Mine(Exception): pass
class Odd(Exception):
    def __init__(self, a, b): super().__init__(a, b)
def f(x): return x + 1
def make(): return S()
def sub(): return T()
def number(): return Number(3)
def fail(kind=ValueError, *args): raise kind(*args or ('no',))

@dataclasses.dataclass
class Point:
    x: int
    y: list = dataclasses.field(default_factory=list)
    name: typing.ClassVar[str] = 'p'
@dataclasses.dataclass
class Line:
    ends: list
    best: Point = None
def point(): return Point(1, [2])

@typing.runtime_checkable
class Shape(typing.Protocol):
    side: int
    def area(self): ...
class Square:
    def __init__(self): self.side = 2
    def area(self): return 4
class Flat:
    side = 3
    area = None

class Swallow:
    def __init__(self, *kinds): self.kinds = kinds or (Exception,)
    def __enter__(self): return self
    def __exit__(self, kind, error, trace): return kind is not None and issubclass(kind, self.kinds)
    async def __aenter__(self): return self
    async def __aexit__(self, kind, error, trace): return True
import abc, enum
class Living(abc.ABC): pass
class Cat(Living): pass
class Color(enum.Enum):
    RED = 1
class Level(enum.IntEnum):
    LOW = 1
@contextlib.contextmanager
def swallow(*kinds):
    try: yield
    except kinds: pass
"""

RIGHT = {
    "what its class derives from": (
        "assert issubclass(T, S) and not issubclass(S, T) and issubclass(T, (int, S))\n"
        "from abc import ABC\nassert issubclass(Living, ABC) and issubclass(Cat, (ABC, Living))"
        "\nimport enum\nassert issubclass(Color, enum.Enum) and issubclass(Level, (enum.IntEnum,))\n"
        "assert not issubclass(S, enum.Enum) and issubclass(Mine, Exception) and issubclass(Level, int)\n"
        "try: issubclass(S(), S)\nexcept TypeError: pass\nelse: assert False"
    ),
    "a class": "x = S()\nassert type(x) is S and type(x) == S and type(x) is not T and type(make()) is S",
    "by its attribute": (
        "x = S()\nassert x.__class__ is S and x.__class__ is not T and sub().__class__ == T\n"
        "assert S.__class__ is type and number().__class__ is Number and isinstance(number(), int)\n"
        "assert make().__class__.__name__ == 'S'\n"
        "class A:\n    def kind(self): return self.__class__\n"
        "assert A().kind() is A and (3).__class__ is int and x.__class__(6).x == 6"
    ),
    "a class below": "assert type(sub()) is T and type(sub()) is not S and type(T()) in (T,)",
    "one of data": "assert type(number()) is not int and type(number()) is Number and type(f(3)) is int",
    "of a class and a function": (
        "import types\nassert type(S) is type and type(f) is types.FunctionType and f(1) == 2"
    ),
    "its name": (
        "assert type(make()).__name__ == 'S' and type(make()) is type(S()) and type(S()).__name__ == 'S'"
    ),
    "a class that is called": "x = S(5)\nassert type(x)(6).x == 6",
    "of an exception": (
        "try: fail(Mine)\nexcept Mine as error: assert type(error) is Mine\nelse: assert False"
    ),
    "a type of the tests' own": (
        "class A: pass\nassert type(A()) is A and type('B', (), {})().__class__ and f(1) == 2"
    ),
    "a dict of fields": "import dataclasses\nassert dataclasses.asdict(Point(1, [2])) == {'x': 1, 'y': [2]}",
    "fields within": (
        "from dataclasses import asdict, astuple\nline = Line([Point(1), Point(2)], Point(3))\n"
        "assert asdict(line)['ends'][1] == {'x': 2, 'y': []} and asdict(line)['best']['x'] == 3\n"
        "assert astuple(Point(1, [2])) == (1, [2])"
    ),
    "names of fields": (
        "from dataclasses import fields\nassert [each.name for each in fields(Point)] == ['x', 'y']\n"
        "assert [each.name for each in fields(point())] == ['x', 'y']"
    ),
    "a field without a default": (
        "import dataclasses\nx, y = dataclasses.fields(Point)\nassert x.default is dataclasses.MISSING\n"
        "assert y.default_factory is list and y.default is x.default"
    ),
    "what protocols go by from Python 3.12 on": (
        "import inspect\nassert inspect.getattr_static(Square(), 'side') == 2\n"
        "assert inspect.getattr_static(make(), 'side', 3) == 3"
    ),
    "whether there are any": (
        "from dataclasses import is_dataclass\n"
        "assert is_dataclass(Point) and is_dataclass(point()) and not is_dataclass(S()) "
        "and not is_dataclass(S)"
    ),
    "another with a field changed": (
        "from dataclasses import replace\np = replace(point(), x=5)\nassert (p.x, p.y) == (5, [2]) "
        "and type(p) is Point"
    ),
    "dataclasses of the tests": (
        "from dataclasses import *\n@dataclass\nclass A:\n    x: int\nassert asdict(A(f(1))) == {'x': 2}\n"
        "assert replace(A(1), x=2) == A(2) and [each.name for each in fields(A)] == ['x']"
    ),
    "no dataclass": (
        "from dataclasses import asdict\ntry: asdict(S())\nexcept TypeError: assert f(1) == 2\n"
        "else: assert False"
    ),
    "a protocol": (
        "assert isinstance(Square(), Shape) and not isinstance(Flat(), Shape) and not isinstance(4, Shape)"
    ),
    "a protocol and an object of the tests": (
        "class Own:\n    side = 1\n    def area(self): pass\nassert isinstance(Own(), Shape) and f(1) == 2"
    ),
    "a protocol of the tests": (
        "from typing import *\n@runtime_checkable\nclass P(Protocol):\n    def area(self): ...\n"
        "assert isinstance(Square(), P) and not isinstance(Flat(), P) and not isinstance(S(), P)"
    ),
    "nothing to be swallowed": "with Swallow(), swallow(ValueError):\n    assert f(1) == 2",
}
REFUSED = {
    "a text": "import inspect\nassert 'return' in inspect.getsource(f)",
    "the text of the module": "import inspect, solution\nassert inspect.getsource(solution)",
    "a reload": "import importlib, solution\nimportlib.reload(solution)\nassert f(1) == 2",
}
SWALLOWED = {
    "an exception of the tests": "with Swallow():\n    raise ValueError\nassert f(1) == 2",
    "one of the program": "with Swallow():\n    fail()\nassert f(1) == 2",
    "one of its own class": "with Swallow(Mine):\n    fail(Mine)\nassert f(1) == 2",
    "one that needs arguments": "with Swallow(Odd):\n    fail(Odd, 1, 2)\nassert f(1) == 2",
    "an asynchronous one": (
        "import asyncio\nasync def main():\n    async with Swallow():\n        fail()\n"
        "asyncio.run(main())\nassert f(1) == 2"
    ),
    "by a generator": "with swallow(ValueError):\n    fail()\nassert f(1) == 2",
}
WRONG = {
    "another class": "assert type(S()) is T",
    "no class of the program": "assert type(make()) is int",
    "other fields": "from dataclasses import asdict\nassert asdict(point()) == {'x': 2}",
    "another protocol": "assert isinstance(S(), Shape)",
    "an assertion within": "with Swallow():\n    assert f(1) == 3",
    "an assertion within a generator": "with swallow(Exception):\n    assert f(1) == 3",
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_told_of_an_object_is_right(name: str) -> None:
    found = check_code(PROGRAM, RIGHT[name])

    assert found.ended is Ended.PASSED, found


@pytest.mark.parametrize("name", RIGHT)
def test_it_is_what_one_process_says(name: str) -> None:
    exec(PROGRAM + RIGHT[name], {"__name__": "solution"})  # noqa: S102


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_program_alone_could_say_is_not_judged(name: str) -> None:
    found = check_code(PROGRAM, REFUSED[name])

    assert (found.ended, found.type) == (Ended.TEST_FAULT, "NotForwardedError"), found


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_hold_fails(name: str) -> None:
    found = check_code(PROGRAM, WRONG[name])

    assert found.ended is Ended.FAILED, found


@pytest.mark.parametrize("name", SWALLOWED)
def test_what_the_program_swallowed_marks_the_run(name: str) -> None:
    found = check_code(PROGRAM, SWALLOWED[name])

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


def test_files_ask_the_same() -> None:
    source = (
        "import dataclasses\nfrom solution import S, Point, make\n"
        "def test_s():\n    assert type(make()) is S\n"
        "def test_point():\n    assert dataclasses.asdict(Point(1)) == {'x': 1, 'y': []}\n"
    )

    found = check_files(PROGRAM, {"test_s.py": source})

    assert found["ended"] == Ended.PASSED, found


def test_a_type_of_another_meaning_is_left_alone() -> None:
    source = "def type(x): return 'mine'\nassert type(S()) == 'mine' and f(1) == 2"

    assert check_code(PROGRAM, source).ended is Ended.PASSED


@pytest.mark.parametrize(
    "trick",
    [
        "class S:\n    __class__ = int",
        (
            "class M(type):\n    def __eq__(self, other): return True\n    __hash__ = type.__hash__\n"
            "class S(metaclass=M): pass"
        ),
        "class S:\n    def __getattr__(self, name): return {}",
    ],
)
def test_a_program_does_not_pass_by_what_it_calls_its_class(trick: str) -> None:
    program = f"{trick}\ndef f(): return S()\n"

    for question in ("type(f()) is int", "type(f()) == int", "type(f()) in (int, list)"):
        found = check_code(program, f"assert {question}")
        assert found.ended is not Ended.PASSED, found
