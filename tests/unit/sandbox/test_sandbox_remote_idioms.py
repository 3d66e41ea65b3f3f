"""What tests commonly do, judged as in one process."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code, check_files

_CASES = """
import io, sys, unittest
from unittest.mock import patch
class TestCases(unittest.TestCase):
    def test_f(self): self.assertEqual(f(3), 4)
"""
_RUN = "unittest.TextTestRunner().run(unittest.{})"
_RIGHT, _WRONG = (
    "def g(x): return x\ndef f(x): return g(x) + 1",
    "def g(x): return x\ndef f(x): return g(x) + 2",
)


@pytest.mark.parametrize(
    "run",
    [
        "unittest.main()",
        "unittest.main(argv=['first'], exit=False)",
        "unittest.main(module=__name__, argv=[''], exit=False)",
        "unittest.main(argv=['first'], verbosity=2)",
        _RUN.format("defaultTestLoader.loadTestsFromModule(sys.modules[__name__])"),
        _RUN.format("TestLoader().loadTestsFromName('TestCases', sys.modules[__name__])"),
        f"sys.exit(not {_RUN}.wasSuccessful())".format("TestLoader().loadTestsFromTestCase(TestCases)"),
    ],
)
def test_test_code_that_runs_its_cases_as_a_script_does(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["tests.py"])
    right, wrong = check_code(_RIGHT, f"{_CASES}{run}"), check_code(_WRONG, f"{_CASES}{run}")

    assert (right.ended, right.weak) == (Ended.PASSED, False), right
    assert wrong.ended is Ended.FAILED, wrong


@pytest.mark.parametrize("leave", ["sys.exit()", "sys.exit(0)", "sys.exit(1)", "sys.exit('no')"])
def test_to_leave_before_anything_passed_is_no_pass(leave: str) -> None:
    assert check_code(_RIGHT, f"import sys\nassert f(1)\n{leave}").ended is not Ended.PASSED


def test_to_leave_before_the_end_by_what_the_program_answers_marks_the_run() -> None:
    source = f"{_CASES}TestCases('test_f').run()\nif f(4) != 5: sys.exit()\nassert f(4) == 5"

    assert check_code("def f(x): return 4", source).weak is True
    assert check_code(_RIGHT, source).weak is False


@pytest.mark.parametrize("place", ["'__main__.g'", "__name__ + '.g'", "'solution.g'"])
def test_a_name_that_is_replaced_where_the_tests_have_it_is_replaced_for_the_program(place: str) -> None:
    source = f"with patch({place}, return_value=7) as m: assert f(3) == 8\nassert f(3) == 4\n"

    found = check_code(_RIGHT, f"from unittest.mock import patch\n{source}m.assert_called_once_with(3)")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_LOG = """
import functools
def log(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args)
    wrapper.calls = 0
    return wrapper
"""


_LOGGED = """
class K:
    k = 1
    @log
    def m(self, x): return x + self.k
    @staticmethod
    @log
    def s(x): return x
assert K().m(2) == 3 and K.m.calls == 1 and K.m.__name__ == 'm' and K.m(K(), 1) == 2 and K().s(4) == 4
"""


def test_a_decorator_of_the_program_is_good_for_methods() -> None:
    found = check_code(_LOG, _LOGGED)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_IMPORTING = """
import json, math as m
from collections import Counter
from typing import List
def f(x): return x + 1
"""
_IMPORTED = """
from solution import *
def test():
    numbers: List[int] = [f(1)]
    assert json.dumps(numbers) == "[2]" and m.sqrt(Counter("a")["a"]) == 1
"""


def test_importing_all_names_brings_what_the_program_imported_from_the_library() -> None:
    found = check_files(_IMPORTING, {"test_f.py": _IMPORTED})

    assert (found["ended"], found["weak"]) == (Ended.PASSED, False), found


_BOARD = """
class Board:
    def __init__(self, n=0): self.cells = [[n, 1], [2, 3]]
    def put(self, n): self.cells[0][0] = n
    def __add__(self, other): return Board(self.cells[0][0] + other.cells[0][0])
class Stack(list): pass
def build(kind=Board): return kind()
def count(): yield from range(9)
"""


@pytest.mark.parametrize(
    "source",
    [
        "b = Board()\nc = copy.deepcopy(b)\nb.put(5)\nassert c.cells[0][0] == 0 and b.cells[0][0] == 5",
        "b = build()\nc = copy.copy(b)\nb.put(5)\nassert c.cells[0][0] == 5 and type(c) is Board",
        "bs = [Board()]\nassert copy.deepcopy(bs)[0].cells == bs[0].cells and copy.copy(build) is build",
        "s = build(Stack)\nc = copy.deepcopy(s)\ns.append(1)\nassert list(c) == [] and list(s) == [1]",
        "import itertools\na, b = itertools.tee(count())\nassert next(a) == next(b) == 0 and next(a) == 1",
    ],
)
def test_an_object_of_the_program_can_be_copied(source: str) -> None:
    found = check_code(_BOARD, f"import copy\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_a_copy_of_what_the_tests_made_is_made_by_them() -> None:
    found = check_code(_BOARD, "import copy\nb = copy.copy(Board(2))\nassert (b + b).cells[0][0] == 4")

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


_ACCOUNT = """
from dataclasses import dataclass
class Account:
    def __init__(self, owner, balance=0): self.owner, self.balance = owner, balance
    @property
    def rich(self): return self.balance > 100
    def deposit(self, n): self.balance += n
@dataclass
class Point:
    x: int
    y: int = 2
class Empty: pass
def f(x, *, y=1): return x
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert list(signature(Account).parameters) == ['owner', 'balance'] and Account(1)",
        "assert str(signature(Point)) == '(x: int, y: int = 2) -> None' and Point(1)",
        "assert str(signature(Empty)) == '()' and str(signature(f)) == '(x, *, y=1)' and Empty()",
        "assert list(signature(Account.deposit).parameters) == ['self', 'n'] and Account(1)",
        "assert isclass(Account) and not isclass(Account(1)) and not isclass(f) and isclass(int)",
    ],
)
def test_inspect_tells_of_a_class_of_the_program(source: str) -> None:
    found = check_code(_ACCOUNT, f"from inspect import isclass, signature\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_pytest_still_runs_no_class_of_the_program() -> None:
    test = "from solution import *\nfrom solution import TestAll\ndef test(): assert f(1) == 2"
    program = "class TestAll:\n    def test(self): raise ValueError\ndef f(x): return {}"

    assert check_files(program.format("2"), {"test_f.py": test})["passed"] == 1
    assert check_files(program.format("3"), {"test_f.py": test})["ended"] == Ended.FAILED


def test_a_property_of_the_program_is_replaced_by_a_mock() -> None:
    source = (
        "from unittest.mock import PropertyMock, patch\n"
        "with patch.object(Account, 'rich', new_callable=PropertyMock, return_value=True) as rich:\n"
        "    a = Account('a')\n    assert a.rich is True\n    a.rich = 3\n"
        "assert Account('z').rich is False and [each.args for each in rich.call_args_list] == [(), (3,)]\n"
    )

    found = check_code(_ACCOUNT, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_ASYNC = """
import asyncio, functools, inspect
async def retry(make, times):
    for left in range(times, 0, -1):
        try: return await make()
        except ValueError:
            if left == 1: raise
async def both(*coroutines): return await asyncio.gather(*coroutines)
async def limited(coroutine, seconds):
    try: return await asyncio.wait_for(coroutine, seconds)
    except asyncio.TimeoutError: return "late"
async def slowly(make, seconds):
    await asyncio.sleep(seconds)
    return await make(seconds)
async def in_tasks(makes):
    tasks = [asyncio.create_task(make()) for make in makes]
    return [await task for task in tasks]
def timed(function):
    @functools.wraps(function)
    async def wrapper(*args): wrapper.calls += 1; return await function(*args)
    wrapper.calls = 0
    return wrapper if inspect.iscoroutinefunction(function) else function
def same(x): return x
"""
_ASKING = """
import asyncio, time
calls = []
async def work(x=7, left=0):
    calls.append(x)
    await asyncio.sleep(0)
    if len(calls) < left: raise ValueError("again")
    return x
async def soon(seconds): return seconds
async def nap(seconds):
    try: await asyncio.sleep(seconds)
    except asyncio.CancelledError: calls.append("cancelled"); raise
    return seconds
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert asyncio.run(retry(lambda: work(7, 3), 5)) == 7 and len(calls) == 3",
        "async def main(): return await both(work(1), work(2))\nassert asyncio.run(main()) == [1, 2]",
        "assert asyncio.run(limited(nap(9), 0.05)) == 'late' and calls == ['cancelled']",
        "assert asyncio.run(limited(nap(0.01), 5)) == 0.01 and asyncio.run(in_tasks([work, work])) == [7, 7]",
        "began = time.time()\nasyncio.run(both(*map(nap, [0.2] * 5)))\nassert time.time() - began < 0.7",
        (
            "@timed\nasync def f(x): return x + 1\n"
            "assert asyncio.run(f(1)) == 2 and f.calls == 1 and f.__name__ == 'f'\n"
            "class K:\n    k = 3\n    @timed\n    async def m(self, x): return x + self.k\n"
            "assert asyncio.run(K().m(1)) == 4"
        ),
        (
            "from unittest.mock import patch\nwith patch('asyncio.sleep') as sleep:\n"
            "    assert asyncio.run(slowly(soon, 3)) == 3\n    sleep.assert_awaited_once_with(3)"
        ),
        "async def more(): return await retry(work, 1)\nassert asyncio.run(both(more(), work(2))) == [7, 2]",
        "c = work(3)\nassert same(c) is c and asyncio.run(c) == 3 and same(work) is work",
    ],
)
def test_the_program_awaits_coroutines_of_the_tests(source: str) -> None:
    found = check_code(_ASYNC, f"{_ASKING}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("assert asyncio.run(retry(lambda: work(7, 9), 2)) == 7", Ended.CROSSED),
        ("assert asyncio.run(both(work(1), work(2))) == [1, 3]", Ended.FAILED),
        ("async def check(x): assert x == 4\nasyncio.run(retry(lambda: check(3), 1))", Ended.CROSSED),
    ],
)
def test_what_they_raise_or_return_is_told(source: str, ended: Ended) -> None:
    assert check_code(_ASYNC, f"{_ASKING}{source}").ended is ended


_CLASSES = """
import dataclasses, inspect
registered = {}
def register(kind, value): registered[kind] = value; return kind
def of(one): return registered[type(one)]
def only(items, kind): return [item for item in items if isinstance(item, kind)]
def derives(one, other): return issubclass(one, other)
def build(kind, *args): return kind.create(*args)
def told(kind): return kind.__name__, kind.TAG, [*inspect.signature(kind).parameters]
def make(kind, *args, **kwargs): return kind(*args, **kwargs)
def singleton(kind):
    made = {}
    def get(*args):
        if kind not in made: made[kind] = kind(*args)
        return made[kind]
    return get
def polite(kind):
    kind.greet = lambda self: f"hello, {self.v}"
    return kind
def wire(kind, known):
    parameters = inspect.signature(kind).parameters.values()
    return kind(*(known[each.annotation] for each in parameters))
def change(kind): kind.WANTED["a"] = 2
def spoil(kind):
    for name in ("create", "__init__", "_hidden"):
        try: setattr(kind, name, None)
        except AttributeError: pass
def derived(kind):
    class Derived(kind): pass
    return Derived(1)
"""
_KINDS = """
class A:
    TAG = "a"
    def __init__(self, v): self.v = v
    @classmethod
    def create(cls, v): return cls(v + 1)
class B(A): pass
a, b = A(1), B(2)
"""


@pytest.mark.parametrize(
    ("source", "weak"),
    [
        ("assert register(A, 3) is A and of(A(1)) == 3 and of(a) == 3", False),
        (
            "assert only([a, b, 3], B) == [b] and only([a, b, 3], A) == [a, b] and only([a, 3], int) == [3]",
            False,
        ),
        ("assert derives(B, A) and not derives(A, B) and derives(A, object)", False),
        ("assert build(A, 1).v == 2 and type(build(B, 1)) is B and told(A) == ('A', 'a', ['v'])", False),
        ("assert make(A, v=4).v == 4 and isinstance(make(B, 1), A)", False),
        ("S = singleton(A)\nassert S(1) is S(2) and S(3).v == 1", False),
        ("@polite\nclass C(A): pass\nassert C(1).greet() == 'hello, 1' and C(2).greet() == 'hello, 2'", True),
        (
            "class C:\n    def __init__(self, a: A): self.a = a\nassert isinstance(wire(C, {A: a}).a, A)",
            False,
        ),
        ("A.WANTED = {'a': 1}\nchange(A)\nassert A.WANTED == {'a': 2}", True),
        ("spoil(A)\nassert A.create(1).v == 2", False),
        ("try: derived(A)\nexcept TypeError: pass\nelse: assert False", False),
    ],
)
def test_the_program_has_classes_of_the_tests(source: str, weak: bool) -> None:
    found = check_code(_CLASSES, f"{_KINDS}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, weak), found


_MAPPING = """
from collections.abc import Hashable, MutableMapping
class Table(MutableMapping):
    def __init__(self): self.held = {}
    def __getitem__(self, key): return self.held[key]
    def __setitem__(self, key, value): self.held[key] = value
    def __delitem__(self, key): del self.held[key]
    def __iter__(self): return iter(self.held)
    def __len__(self): return len(self.held)
class Plain: pass
"""


@pytest.mark.parametrize(
    "source",
    [
        "t['a'] = 1\nassert isinstance(t, Mapping) and dict(t) == {'a': 1}",
        "assert isinstance(t, (int, MutableMapping)) and not isinstance(t, Sequence)",
        "assert issubclass(Table, Mapping) and not issubclass(Table, Sequence)",
        "assert not isinstance(Table, Mapping) and not isinstance(Plain(), Mapping) and t == Table()",
    ],
)
def test_an_object_of_the_program_is_what_its_class_derives_from(source: str) -> None:
    imported = "from collections.abc import Mapping, MutableMapping, Sequence\nt = Table()\n"

    assert check_code(_MAPPING, f"{imported}{source}").ended is Ended.PASSED


_DESCRIPTORS = """
import weakref
class Positive:
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, one, kind=None): return self if one is None else getattr(one, self.name, 0)
    def __set__(self, one, value):
        if value < 0: raise ValueError(self.name)
        setattr(one, self.name, value)
class Typed:
    def __init__(self, kind): self.kind = kind
    def __set_name__(self, owner, name): self.name = name
    def __get__(self, one, kind): return one.__dict__.get(self.name)
    def __set__(self, one, value):
        if not isinstance(value, self.kind): raise TypeError(self.name)
        one.__dict__[self.name] = value
    def __delete__(self, one): del one.__dict__[self.name]
class Weak:
    def __init__(self): self.held = weakref.WeakKeyDictionary()
    def __get__(self, one, kind): return self.held.get(one, 0)
    def __set__(self, one, value): self.held[one] = value
class lazy:
    def __init__(self, function): self.function = function
    def __set_name__(self, owner, name): self.name = name
    def __get__(self, one, kind):
        if one is None: return self
        value = self.function(one)
        setattr(one, self.name, value)
        return value
"""


@pytest.mark.parametrize(
    "source",
    [
        (
            "class K:\n    x, y = Positive(), Positive()\nk, m = K(), K()\nk.x, m.x = 3, 4\n"
            "assert (k.x, m.x, k.y) == (3, 4, 0) and type(K.x) is Positive\n"
            "try: k.x = -1\nexcept ValueError as e: assert str(e) == '_x' and k.x == 3\nelse: assert False"
        ),
        (
            "class K:\n    x = Typed(int)\n    def __init__(self, x): self.x = x\n"
            "k = K(3)\nassert k.x == 3 and K(5).x == 5\n"
            "try: K('a')\nexcept TypeError: pass\nelse: assert False\ndel k.x\nassert k.x is None"
        ),
        "class K: x = Weak()\nk, m = K(), K()\nk.x = 3\nassert (k.x, m.x) == (3, 0)",
        (
            "class K:\n    made = 0\n    @lazy\n    def x(self): K.made += 1; return 5\n"
            "k = K()\nassert k.x == k.x == 5 and K.made == 1 and K().x == 5 and K.made == 2"
        ),
    ],
)
def test_a_descriptor_of_the_program_works_in_a_class_of_the_tests(source: str) -> None:
    found = check_code(_DESCRIPTORS, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_what_derives_from_data_is_written_as_json() -> None:
    program = (
        "class D(dict): pass\nclass S(str): pass\ndef f(): return D(a=[S('b')])\ndef g(): return object()"
    )

    assert (
        check_code(program, 'import json\nassert json.dumps(f()) == \'{"a": ["b"]}\'').ended is Ended.PASSED
    )
    assert check_code(program, "import json\njson.dumps(g())").type == "TypeError"
