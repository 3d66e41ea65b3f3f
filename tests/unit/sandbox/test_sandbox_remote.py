"""Test code beside a program in another process: what works as if they shared one."""

import pytest

from sandbox_runner.jail.remote.findings import Ended
from tests.unit.sandbox.two_sides import check_code, check_files

PROGRAM = """
import math
from collections import Counter, namedtuple
from dataclasses import dataclass
from enum import Enum, IntEnum

VERSION = 3

class Color(IntEnum):
    RED = 1

class Shape(Enum):
    ROUND = "round"

class MyError(ValueError):
    def __init__(self, message, code=7):
        super().__init__(message)
        self.code = code

@dataclass(frozen=True)
class Point:
    x: int
    y: int
    def norm(self):
        return math.hypot(self.x, self.y)

Pair = namedtuple("Pair", "a b")

class Stack(list):
    def push(self, item):
        self.append(item)

class Node:
    def __init__(self, value, following=None):
        self.value, self.next = value, following

class Bag:
    def __init__(self): self.items = {}
    def __setitem__(self, key, item): self.items[key] = item
    def __getitem__(self, key): return self.items[key]
    def __delitem__(self, key): del self.items[key]
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __str__(self): return "a bag"
    def __enter__(self): return self
    def __exit__(self, *exc): self.items.clear()

class Bits:
    def __init__(self, n): self.n = n
    def __lshift__(self, k): return Bits(self.n << k)
    def __divmod__(self, k): return divmod(self.n, k)
    def __index__(self): return self.n
    def __reversed__(self): return iter([self.n, 1])
    def __format__(self, form): return form + "!"
    async def __aenter__(self): return self.n
    async def __aexit__(self, *exc): self.n = 0

class Price(float): pass
class Table(dict): pass
class Word(str): pass

class Told(Exception):
    def __str__(self): return "told " + str(len(self.args))

class Odd(Exception):
    def __init__(self, *, code): self.code = code

class Everything:
    def __eq__(self, other): return True
    def __gt__(self, other): return True
    def __contains__(self, item): return True
    def __iter__(self): return iter([self])
    def __bool__(self): return True

def everything(): return Everything()

def f(x):
    return x + 1

def fail(kind):
    if kind == "own": raise MyError("bad", 9)
    if kind == "unicode": b"\\xff".decode()
    if kind == "json":
        import json
        json.loads("{")
    if kind == "os": open("/nonexistent/file")
    if kind == "told": raise Told(1, 2)
    if kind == "odd": raise Odd(code=3)
    if kind == "group": raise ExceptionGroup("several", [ValueError()])
    raise ValueError("bad", 3)

def sort_in_place(items): items.sort()
def grow(*, into): into["new"] = {1}
def sort_by(items, key): return sorted(items, key=key)
def count(text): return Counter(text)
def numbers(n):
    for i in range(n): yield i
def pair(): return Pair(1, 2)
def chain(n):
    node = None
    for value in range(n, 0, -1): node = Node(value, node)
    return node
def tree(): return {"a": (1, {2}, b"x", None, 1.5, 2 + 3j, frozenset({4})), 5: [True]}
def echo(*args, **kwargs): return args, kwargs
async def later(x): return x * 2
async def tick(n):
    for i in range(n):
        await later(i)
        yield i
def apply(function, *args): return function(*args)
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert f(3) == 4",
        "def check(candidate):\n    assert candidate(3) == 4\n",
        "def check(candidate):\n    assert candidate(3) == 4\ncheck(f)",
        "import solution\nassert solution.f(3) == 4\nassert solution.VERSION == 3",
        "from solution import f as g\nassert g(3) == 4",
        "from solution import *\nassert f(3) == 4 and VERSION == 3",
        "for i in range(5): assert f(i) == i + 1",
        "assert tree() == {'a': (1, {2}, b'x', None, 1.5, 2 + 3j, frozenset({4})), 5: [True]}",
        "assert echo([1], (2,), k={3: 'x'}) == (([1], (2,)), {'k': {3: 'x'}})",
        "assert type(tree()['a']) is tuple",
        "assert count('aab') == Counter('aab') and count('aab')['a'] == 2",
        "assert f(0) == 1 and math.isclose(f(0.1), 1.1)",
        "items = [3, 1, 2]\nassert sort_in_place(items) is None\nassert items == [1, 2, 3]",
        "d = {}\ngrow(into=d)\nassert d == {'new': {1}}",
        "assert sort_by(['bb', 'a'], key=len) == ['a', 'bb']",
        "assert sort_by([1, 2], key=lambda x: -f(x)) == [2, 1]",
        "assert apply(apply, f, 2) == 3",
        "assert list(numbers(3)) == [0, 1, 2]\nassert 2 in numbers(3) and 7 not in numbers(3)",
        "it = numbers(1)\nassert next(it) == 0\nassert next(it, None) is None",
        "assert sum(numbers(4)) == 6",
        "p = Point(3, 4)\nassert p.x == 3 and p.norm() == 5.0 and isinstance(p, Point)",
        "assert not isinstance(f(1), Point) and not isinstance(Point(1, 2), Node)",
        "assert isinstance(Stack(), Stack) and callable(f) and not callable(Point(1, 2))",
        "assert pair() == (1, 2) and pair().b == 2 and pair()[0] == 1",
        "a, b = pair()\nassert (a, b) == (1, 2)",
        "s = Stack()\ns.push(1)\nassert s == [1] and len(s) == 1 and s[0] == 1 and 1 in s",
        "assert Color.RED == 1 and Color.RED + 1 == 2 and Color.RED.name == 'RED' and 2 > Color.RED",
        "assert Shape.ROUND.value == 'round' and Shape('round').name == 'ROUND'",
        "n, seen = chain(2), []\nwhile n:\n    seen.append(n.value)\n    n = n.next\nassert seen == [1, 2]",
        "n = Node(1)\nn.next = Node(2)\nassert n.next.value == 2",
        "b = Bag()\nb[1] = 2\nassert b[1] == 2 and list(b) == [1]\ndel b[1]\nassert len(b) == 0",
        "with Bag() as b:\n    b[1] = 1\nassert len(b) == 0 and str(b) == 'a bag'",
        "import asyncio\nassert asyncio.run(later(3)) == 6",
        "import asyncio\nasync def main(): return await later(3)\nassert asyncio.run(main()) == 6",
        "import asyncio\nasync def a(): return [i async for i in tick(2)]\nassert asyncio.run(a()) == [0, 1]",
        "import asyncio\nasync def a():\n    async with Bits(3) as n: return n\nassert asyncio.run(a()) == 3",
        "assert [5, 6][Color.RED] == 6 and Color.RED << 2 == 4 and 8 >> Color.RED == 4",
        "assert list(range(Color.RED)) == [0] and hex(Color.RED) == '0x1'",
        "assert divmod(Color.RED, 2) == (0, 1) and divmod(7, Color.RED) == (7, 0)",
        "assert f'{Price(1.5):.2f} {Bits(1):x} {Color.RED:>3}' == '1.50 x!   1'",
        "assert list(reversed(Bits(2))) == [2, 1] and list(reversed(Stack([1, 2]))) == [2, 1]",
        "assert isinstance(Table(), dict) and isinstance(Table(), Table) and not isinstance(Table(), list)",
        "assert isinstance(pair(), tuple) and isinstance(Word('a'), str) and isinstance(Color.RED, int)",
        "try: fail('value')\nexcept ValueError as e: assert e.args == ('bad', 3)\nelse: assert False",
        "try: fail('own')\nexcept MyError as e: assert e.code == 9 and str(e) == 'bad'\nelse: assert False",
        "try: fail('own')\nexcept ValueError as e: assert type(e).__name__ == 'MyError'\nelse: assert False",
        "try: fail('told')\nexcept Told as e: assert str(e) == 'told 2'\nelse: assert False",
        "try: fail('odd')\nexcept Odd as e: assert e.code == 3\nelse: assert False",
        "assert str(MyError('mine')) == 'mine'\nassert f(1) == 2",
        "import json\ntry: fail('json')\nexcept json.JSONDecodeError: pass\nelse: assert False",
        "try: fail('unicode')\nexcept UnicodeDecodeError: pass\nelse: assert False",
        "try: fail('os')\nexcept FileNotFoundError as e: assert e.errno == 2\nelse: assert False",
        "try: solution_less()\nexcept NameError: pass\nassert f(1) == 2",
    ],
)
def test_tests_of_an_honest_program_pass(source: str) -> None:
    found = check_code(PROGRAM, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@pytest.mark.parametrize(
    ("source", "ended", "kind", "line"),
    [
        ("assert f(3) == 5, 'off by one'", Ended.FAILED, "AssertionError", 1),
        ("x = f(3)\nassert x is None", Ended.FAILED, "AssertionError", 2),
        ("assert f(3)[0] == 4", Ended.ERROR, "TypeError", 1),
        ("assert f('x') == 4", Ended.CROSSED, "TypeError", None),
        ("fail('own')", Ended.CROSSED, "MyError", None),
        ("assert Point(1, 2).z == 3", Ended.CROSSED, "AttributeError", None),
        ("import solution\nsolution.g(3)", Ended.CROSSED, "AttributeError", None),
        ("apply(lambda: 1 / 0)", Ended.CROSSED, "ZeroDivisionError", None),
        ("assert f(3) ==", Ended.TEST_FAULT, "SyntaxError", 1),
        ("assert 1 == 2", Ended.TEST_FAULT, "AssertionError", 1),
        ("import nowhere_at_all", Ended.TEST_FAULT, "ModuleNotFoundError", 1),
        ("f(3)\nundefined(3)", Ended.CROSSED, "NameError", None),
        ("f(3)\nraise SystemExit(0)", Ended.TEST_FAULT, "SystemExit", 2),
        ("pass", Ended.TEST_FAULT, "", None),
        ("class Own(Point): pass", Ended.TEST_FAULT, "NotForwardedError", None),
        ("import copy\ncopy.deepcopy(Point(1, 2))", Ended.TEST_FAULT, "NotForwardedError", None),
        ("f(object())", Ended.TEST_FAULT, "NotForwardedError", None),
        ("Point(1, 2) + Point(1, 2)", Ended.TEST_FAULT, "NotForwardedError", None),
        ("Bits(1) << 2", Ended.TEST_FAULT, "NotForwardedError", None),
        ("divmod(Bits(1), 2)", Ended.TEST_FAULT, "NotForwardedError", None),
        ("[5, 6][Bits(1)]", Ended.TEST_FAULT, "NotForwardedError", None),
        ("assert everything() << 2", Ended.ERROR, "TypeError", 1),
        ("assert isinstance(everything(), int)", Ended.FAILED, "AssertionError", 1),
        ("assert 1 in Bag()", Ended.FAILED, "AssertionError", 1),
        ("fail('group')", Ended.CROSSED, "ExceptionGroup", None),
        ("assert 1 in Everything()", Ended.TEST_FAULT, "NotForwardedError", None),
        ("assert 1 in everything()", Ended.ERROR, "TypeError", 1),
        ("assert everything() > 4", Ended.ERROR, "TypeError", 1),
        ("assert everything() == 4", Ended.FAILED, "AssertionError", 1),
        ("assert 4 == everything()", Ended.FAILED, "AssertionError", 1),
        ("assert everything() is True", Ended.FAILED, "AssertionError", 1),
        ("assert [everything()] == [4]", Ended.FAILED, "AssertionError", 1),
        ("assert everything() in (4, 5)", Ended.FAILED, "AssertionError", 1),
        ("assert list(everything()) == [4]", Ended.FAILED, "AssertionError", 1),
    ],
)
def test_what_ended_the_tests_is_told_apart(source: str, ended: Ended, kind: str, line: int | None) -> None:
    found = check_code(PROGRAM, source)

    assert (found.ended, found.type) == (ended, kind), found
    if ended is not Ended.CROSSED:
        assert found.line == line, found


def test_a_missing_function_is_the_programs_failure() -> None:
    found = check_code("g = 1", "assert f(3) == 4")

    assert (found.ended, found.type) == (Ended.CROSSED, "NameError")


@pytest.mark.parametrize("entry_point", ["f", None])
@pytest.mark.parametrize("program", ["g = 1", "f = 1", "f = None", "f = [f'{1}']", "import os\nf = os"])
def test_a_program_without_the_function_cannot_blame_the_tests(program: str, entry_point: str | None) -> None:
    found = check_code(program, "got = f(3)\nassert got == 4", entry_point)

    assert found.ended in {Ended.CROSSED, Ended.ERROR}, found


def test_a_name_that_cannot_be_imported_is_the_programs_failure() -> None:
    found = check_code("g = 1", "from solution import f\ngot = f(3)\nassert got == 4")

    assert (found.ended, found.type) == (Ended.CROSSED, "ImportError")


@pytest.mark.parametrize("source", ["from solution import f", "import solution\nf = solution.f"])
def test_an_object_in_place_of_the_function_cannot_blame_files(source: str) -> None:
    program, test = "class F: pass\nf = F()", "def test(): assert f(3) == 4"

    found = check_files(program, {"test_f.py": f"{source}\n{test}\n"})

    assert (found["ended"], found["type"]) == ("error", "TypeError"), found


_OBJECT_OF_F = (
    "    def __init__(self, *a): pass\n    def __eq__(self, o): return True\n    __lt__ = __gt__ = __eq__\n"
    "    def __sub__(self, *a): return self\n    __abs__ = __sub__\n    __hash__ = object.__hash__\n"
)
_QUESTIONS = {
    "equality": "got = f(3)\nassert got == 4",
    "order": "got = f(3)\nassert 3 < got < 5",
    "distance": "got = f(3)\nassert abs(got - 4) < 1e-6",
    "a copy": "import copy\ngot = copy.deepcopy(f(3))\nassert got == 4",
    "code": "got = f(3)\nassert eval(str(got) + '(') == 4",
}


@pytest.mark.parametrize("question", _QUESTIONS)
@pytest.mark.parametrize(
    "program",
    [
        f"class f:\n{_OBJECT_OF_F}",
        f"class f(Exception):\n{_OBJECT_OF_F}",
        f"class F:\n{_OBJECT_OF_F}\nf = F",
        f"class F:\n{_OBJECT_OF_F}\ndef f(x): return F()",
        "f = ValueError",
    ],
)
def test_a_class_in_place_of_the_function_cannot_blame_the_tests(program: str, question: str) -> None:
    found = check_code(program, _QUESTIONS[question], None)

    assert found.ended in {Ended.FAILED, Ended.ERROR}, found


@pytest.mark.parametrize(
    ("program", "source"),
    [
        ("from math import gcd", "got = gcd(12, 18)\nassert got == 6"),
        ("from math import comb as choose", "got = choose(4, 2)\nassert got == 6"),
        ("import math\nchoose = math.comb", "got = choose(4, 2)\nassert got == 6"),
        ("from statistics import median", "got = median([1, 2, 9])\nassert got == 2"),
        ("def test_even(n): return n % 2 == 0", "got = test_even(4)\nassert got is True"),
        (
            "def f(*, self, operation, question): return self + operation + question",
            "got = f(self=1, operation=2, question=3)\nassert got == 6",
        ),
    ],
)
def test_a_function_under_any_name_is_the_programs(program: str, source: str) -> None:
    found = check_code(program, source, None)

    assert found.ended is Ended.PASSED, found


def test_tests_that_hand_back_what_is_too_long_for_a_message_can_still_judge() -> None:
    program = "def f(x): return '\\ud800' * 2_700_000\ndef g(x): return x"

    found = check_code(program, "got = f(3)\nassert g([got, got]) == 4")

    assert found.ended is Ended.ERROR, found


_DEEP = """
from sandbox_runner.jail.remote import wire
wire.MOST_ANSWERED = wire.MOST_ASKED = 999
def encode(x):
    for _ in range({levels}): x = (x,)
    return x
def decode(x): return x
"""


@pytest.mark.parametrize("levels", [199, 200, 201, 240, 260])
def test_an_answer_too_deep_to_be_handed_back_cannot_blame_the_tests(levels: int) -> None:
    found = check_code(_DEEP.format(levels=levels), "got = encode(3)\nassert decode([(got, 1)]) == 4")

    assert found.ended in {Ended.FAILED, Ended.CANDIDATE_GONE}, found


@pytest.mark.parametrize(("levels", "ended"), [(240, Ended.PASSED), (300, Ended.TEST_FAULT)])
def test_tests_may_nest_what_they_pass_deeper_than_a_program_its_answer(levels: int, ended: Ended) -> None:
    source = f"a = 1\nfor _ in range({levels}): a = (a,)\nassert f([a]) == 1 and f([a]) == 1"

    assert check_code("def f(x): return len(x)", source).ended is ended


def test_data_of_the_program_is_an_answer() -> None:
    assert check_code("N = 4", "assert N == 4", None).ended is Ended.PASSED


def test_an_exception_names_the_line_of_the_program() -> None:
    found = check_code("def f(x):\n    return 1 / x\n", "assert f(0) == 1")

    assert (found.type, found.line) == ("ZeroDivisionError", 2)


def test_equality_of_two_objects_is_the_programs_word_and_marks_the_run() -> None:
    found = check_code(PROGRAM, "assert Point(1, 2) == Point(1, 2) and Point(1, 2) != Point(1, 3)")

    assert (found.ended, found.weak) == (Ended.PASSED, True)


def test_a_released_object_is_forgotten() -> None:
    source = (
        "for i in range(300): Point(i, i)\n"
        "import gc\ngc.collect()\nf(1)\n"
        "assert 'Point' in repr(Point(1, 2))\nassert held() < 20"
    )
    program = PROGRAM + (
        "\ndef held():\n    import gc\n    return sum(type(each) is Point for each in gc.get_objects())\n"
    )

    assert check_code(program, source).ended is Ended.PASSED


TEST_FILE = """
import pytest
from solution import f, MyError, fail

@pytest.fixture
def three():
    return 3

def test_adds(three):
    assert f(three) == 4

@pytest.mark.parametrize("x", [1, 2])
def test_more(x):
    assert f(x) == x + 1

class TestErrors:
    def test_value(self):
        with pytest.raises(ValueError, match="bad"):
            fail("value")

    def test_own(self):
        with pytest.raises(MyError) as caught:
            fail("own")
        assert caught.value.code == 9
"""


def test_pytest_runs_files_that_are_nowhere() -> None:
    found = check_files(PROGRAM, {"test_it.py": TEST_FILE})

    assert (found["ended"], found["passed"], found["failed"]) == ("passed", 5, 0)


def test_pytest_files_may_import_each_other_and_have_a_conftest() -> None:
    files = {
        "conftest.py": "import pytest\n@pytest.fixture\ndef four(): return 4\n",
        "helper.py": "def check(value, expected):\n    assert value == expected\n",
        "sub/test_it.py": "from helper import check\nfrom app import f\ndef test(four): check(f(3), four)\n",
    }

    found = check_files(PROGRAM, files, ("solution", "app"))

    assert (found["ended"], found["passed"]) == ("passed", 1), found


@pytest.mark.parametrize(
    ("source", "ended", "says"),
    [
        ("def test(): assert f(3) == 5", "failed", "assert 4 == 5"),
        ("def test():\n  with pytest.raises(ValueError): f(3)", "failed", "DID NOT RAISE"),
        ("def test(): f('x')", "crossed", "str"),
        ("from solution import g\ndef test(): g()", "crossed", "cannot import name 'g'"),
        ("def test(): f(3).x", "error", "no attribute 'x'"),
        ("@pytest.mark.skip\ndef test(): assert f(3) == 4", "test_fault", "used"),
        ("def test(): f(3); pytest.skip('no')", "test_fault", "skipped"),
        ("@pytest.mark.xfail\ndef test(): assert f(3) == 5", "test_fault", "skipped"),
        ("def helper(): pass", "test_fault", "used"),
        ("f(3)", "test_fault", "no tests"),
        ("def test(:", "test_fault", ""),
        ("def test(missing): f(3)", "test_fault", ""),
        ("import nowhere_at_all", "test_fault", "nowhere"),
    ],
)
def test_what_pytest_found_is_told_apart(source: str, ended: str, says: str) -> None:
    found = check_files(PROGRAM, {"test_it.py": f"import pytest\nfrom solution import f\n{source}\n"})

    assert found["ended"] == ended, found
    assert says in found["text"]


def test_files_have_not_passed_when_pytest_itself_broke_down() -> None:
    hook = "def pytest_runtest_logfinish():\n    from solution import f\n    f('3')\n"
    files = {"conftest.py": hook, "test_f.py": "def test_one(): pass\ndef test_two(): assert False\n"}

    found = check_files(PROGRAM, files)

    assert (found["ended"], found["type"]) == ("crossed", "TypeError"), found


def test_a_failed_assertion_of_a_file_is_quoted_with_its_line() -> None:
    found = check_files(
        PROGRAM, {"test_it.py": "from solution import f\n\ndef test():\n    assert f(3) == 5\n"}
    )

    assert (found["line"], found["source"]) == (4, "assert f(3) == 5")
