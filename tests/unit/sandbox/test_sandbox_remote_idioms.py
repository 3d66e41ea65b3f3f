"""What tests commonly do, judged as in one process."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from sandbox_runner.jail.remote.tests_side.proxy import Remote
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
        "assert str(signature(Account.__init__)) == '(self, owner, balance=0)' and Account(1)",
        "assert isclass(Account) and not isclass(Account(1)) and not isclass(f) and isclass(int)",
    ],
)
def test_inspect_tells_of_a_class_of_the_program(source: str) -> None:
    found = check_code(_ACCOUNT, f"from inspect import isclass, signature\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_a_constructor_is_called_again_or_through_its_class() -> None:
    source = (
        "a = Account('x')\n"
        "assert a.__init__('y', 3) is None and (a.owner, a.balance) == ('y', 3)\n"
        "Account.__init__(a, 'z')\n"
        "assert (a.owner, a.balance) == ('z', 0)"
    )
    found = check_code(_ACCOUNT, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_what_python_notes_in_a_class_hides_nothing_of_its_objects() -> None:
    """Who asks a class for its annotations leaves an empty dictionary there."""
    source = (
        "from inspect import signature\n"
        "assert f.__module__ == Point(1).__module__ == 'solution'\n"
        "assert Point.__annotations__ == {'x': int, 'y': int}\n"
        "assert signature(Point).parameters['x'].annotation is int"
    )
    check_code(_ACCOUNT, source)
    for made in Remote.__subclasses__():
        assert made.__annotations__ is not None
    found = check_code(_ACCOUNT, source)

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


def test_what_derives_from_data_is_written_as_json() -> None:
    program = (
        "class D(dict): pass\nclass S(str): pass\ndef f(): return D(a=[S('b')])\ndef g(): return object()"
    )

    assert (
        check_code(program, 'import json\nassert json.dumps(f()) == \'{"a": ["b"]}\'').ended is Ended.PASSED
    )
    assert check_code(program, "import json\njson.dumps(g())").type == "TypeError"
