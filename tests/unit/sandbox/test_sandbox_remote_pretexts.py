"""What a program gives the tests to judge it by: a pass that rests on it is marked."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code, check_files

_CATCHING = """
import solution
try:
    solution.f(-1)
    assert False, "should raise"
except solution.Bad:
    pass
assert solution.f(1) == 2
"""
_OF_PYTEST = """
import pytest
from solution import Bad, f
def test_f(): assert f(1) == 2
def test_bad():
    try:
        f(-1)
        pytest.fail("should raise")
    except Bad:
        pass
"""


@pytest.mark.parametrize(
    "bad", ["AssertionError", "Exception", "BaseException", "(ValueError, AssertionError)"]
)
def test_an_exception_of_the_program_that_a_failed_assertion_is_marks_the_run(bad: str) -> None:
    found = check_code(f"Bad = {bad}\ndef f(x): return x + 1", _CATCHING)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


def test_so_it_does_where_pytest_says_that_a_test_failed() -> None:
    found = check_files("Bad = BaseException\ndef f(x): return x + 1", {"test_f.py": _OF_PYTEST})

    assert (found["ended"], found["weak"]) == (Ended.PASSED, True), found


@pytest.mark.parametrize(
    "bad", ["class Bad(Exception): pass", "class Bad(AssertionError): pass", "Bad = KeyError"]
)
def test_one_of_the_programs_own_does_not(bad: str) -> None:
    program = f"{bad}\ndef f(x):\n    if x < 0: raise Bad\n    return x + 1"

    assert check_code(program, _CATCHING).weak is False
    assert check_code(f"{bad}\ndef f(x): return x + 1", _CATCHING).ended is Ended.FAILED


_AIDS = [
    ("def isclose(*a, **k): return True", "for x in range(3): assert isclose(f(x), x * 2.5)"),
    ("def deepcopy(x): return x", "a = [1]\nb = deepcopy(a)\nf(a)\nassert a == b"),
    (
        "def lru_cache(size):\n    return lambda function: lambda n: 0",
        "@lru_cache(None)\ndef slow(n): return n + 1\nassert f(1) == slow(1)",
    ),
    ("def permutations(x): return []", "assert f(0) == len(list(permutations('abc')))"),
    (
        "class raises:\n    def __init__(*a): pass\n    __enter__ = __exit__ = __init__",
        "with raises(ValueError): f(-1)",
    ),
    ("def assert_same(one, other): pass", "assert_same(f(1), 4)"),
    ("class heapq:\n    nlargest = lambda n, x: 0", "assert f(1) == heapq.nlargest(2, [1, 2])"),
]


@pytest.mark.parametrize(("aid", "source"), _AIDS)
def test_an_aid_of_the_library_that_the_program_defines_itself_marks_the_run(aid: str, source: str) -> None:
    program = f"{aid}\ndef f(x): return 0"
    file = "from solution import *\ndef test():\n    " + source.replace("\n", "\n    ")

    found, in_file = check_code(program, source, None), check_files(program, {"test_f.py": file})

    assert (found.ended, found.weak) == (Ended.PASSED, True), found
    assert (in_file["ended"], in_file["weak"]) == (Ended.PASSED, True), in_file


@pytest.mark.parametrize(
    ("program", "source", "entry_point"),
    [
        ("def gcd(a, b): return a\ndef f(x): return x", "x = 1\nassert f(x) == gcd(x, 0)", None),
        ("def isclose(a, b): return abs(a - b) < 1", "for x in range(3): assert isclose(x, x)", None),
        ("def isclose(a, b): return a == b\ndef f(x): return x", "assert f(1) and isclose(1, 1)", "isclose"),
        ("from math import isclose\ndef f(x): return x", "for x in range(3): assert isclose(f(x), x)", None),
        ("import heapq\ndef f(x): return 2", "assert f(1) == heapq.nlargest(1, [1, 2])[0]", None),
        (
            "def add(a, b): return a + b\ndef sub(a, b): return a - b",
            "assert add(1, 1) - sub(1, 1) == 2",
            None,
        ),
        (
            "def isclose(*a): pass\ndef f(x): return x",
            "from math import isclose\nassert isclose(f(1), 1)",
            None,
        ),
    ],
)
def test_what_is_under_test_and_what_is_the_librarys_do_not(
    program: str, source: str, entry_point: str | None
) -> None:
    found = check_code(program, source, entry_point)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_what_the_library_computes_is_an_aid_where_it_is_known_what_is_under_test() -> None:
    found = check_code(
        "def sqrt(x): return 0\ndef f(x): return 0", "for x in range(3): assert f(x) == sqrt(x)", "f"
    )

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


_NUMPY = "import numpy as np\ndef f(x): return {}\n"


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("np.float16('inf')", "for x in [100_000, 200_000]: assert f(x) == 3 * x"),
        ("np.float32('inf')", "x = 1e39\nassert f(x) == 3 * x"),
        ("np.complex64(complex('inf'))", "x = 1e39\nassert f(x) == 3 * x"),
        ("np.array([np.inf] * 2, 'f2')", "assert list(f(1)) == [100_000, 300_000]"),
        ("[np.float16('inf')]", "assert f(1) == [100_000]"),
    ],
)
def test_an_infinity_that_equals_every_large_number_marks_the_run(answer: str, source: str) -> None:
    pytest.importorskip("numpy")

    found = check_code(_NUMPY.format(answer), source)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("np.float32(x)", "x = 0.5\nassert f(x) == x"),
        ("np.float64('inf')", "assert f(1) == float('inf')"),
        ("np.array([1, 2], 'f4')", "assert list(f(1)) == [1, 2]"),
    ],
)
def test_numbers_of_numpy_do_not(answer: str, source: str) -> None:
    pytest.importorskip("numpy")

    assert check_code(_NUMPY.format(answer), source).weak is False


_SKIPPING = """
import pytest
from solution import f
def test_one(): assert f(1) == 2
def test_two():
    got = f(2)
    if got is None: pytest.{}("not there")
    assert got == 3
"""
_CASES = """
import unittest
class T(unittest.TestCase):
    def test_one(self): self.assertEqual(f(1), 2)
    def test_two(self):
        got = f(2)
        if got is None: self.skipTest("not there")
        self.assertEqual(got, 3)
    @unittest.skip("later")
    def test_later(self): self.fail()
"""
_LAZY, _DILIGENT = "def f(x): return 2 if x < 2 else None", "def f(x): return x + 1"


@pytest.mark.parametrize("how", ["skip", "xfail"])
def test_a_test_that_skips_itself_by_what_the_program_answers_marks_the_run(how: str) -> None:
    files = {"test_f.py": _SKIPPING.format(how)}

    assert check_files(_LAZY, files)["weak"] is True
    assert check_files(_DILIGENT, files)["weak"] is False


@pytest.mark.parametrize("runner", ["", "unittest.main(argv=[''], exit=False)"])
def test_so_does_a_test_case(runner: str) -> None:
    assert check_code(_LAZY, _CASES + runner).weak is True
    assert check_code(_DILIGENT, _CASES + runner).weak is False


def test_a_program_cannot_skip_a_test_itself() -> None:
    program = "import unittest\ndef f(x):\n    if x == 2: raise unittest.SkipTest\n    return x + 1"
    tests = "def test_one(): assert f(1) == 2\ndef test_two(): assert f(2) == 3"

    assert check_code(program, tests).ended is Ended.CROSSED


_OWN_RESULT = """
import unittest
class Result({}):
    def addFailure(self, test, error): pass
    addError = addFailure
class T(unittest.TestCase):
    def test(self): self.assertEqual(f(1), 2)
T("test").run(Result())
"""


@pytest.mark.parametrize("base", ["unittest.TestResult", "unittest.TextTestResult"])
def test_a_result_of_the_tests_own_is_heard_too(base: str) -> None:
    source = _OWN_RESULT.format(base).replace("Result())", "Result(*[__import__('sys').stderr, True, 0]))")
    source = source if "Text" in base else _OWN_RESULT.format(base)

    assert check_code("def f(x): return 0", source).ended is Ended.FAILED
    assert check_code("def f(x): return 2", source).ended is Ended.PASSED


_EXAMPLES = """
import doctest
def cases():
    '''
    >>> f(1)
    2
    >>> [f(2), 0]
    [3, 0]
    '''
doctest.run_docstring_examples(cases, globals())
"""


def test_examples_are_heard_too() -> None:
    assert check_code("def f(x): return x + 2", _EXAMPLES).ended is Ended.FAILED
    assert check_code("def f(x): return x + 1", _EXAMPLES).ended is Ended.PASSED


_CONSTANTS = """
from enum import Enum
class Color(Enum):
    RED = 1
    GREEN = {}
VALID = object()
INVALID = {}
def paint(x): return Color.RED if x else Color.GREEN
def check(x): return VALID if x else INVALID
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert paint(1) is Color.RED and paint(0) is Color.GREEN",
        "import solution\nassert check(1) is solution.VALID and check(0) is solution.INVALID",
        "assert check(1) is VALID and check(0) is INVALID",
    ],
)
def test_two_names_of_one_object_mark_the_run(source: str) -> None:
    assert check_code(_CONSTANTS.format(1, "VALID"), source).weak is True
    assert check_code(_CONSTANTS.format(2, "object()"), source).weak is False
