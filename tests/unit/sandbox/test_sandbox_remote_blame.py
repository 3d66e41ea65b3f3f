"""Whose failure it is: a program cannot make its own look like that of the tests."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code, check_files


def test_a_missing_function_is_the_programs_failure() -> None:
    found = check_code("g = 1", "assert f(3) == 4")

    assert (found.ended, found.type) == (Ended.CROSSED, "NameError")


@pytest.mark.parametrize("entry_point", ["f", None])
@pytest.mark.parametrize("program", ["g = 1", "f = 1", "f = None", "f = [f'{1}']", "import os\nf = os"])
def test_a_program_without_the_function_cannot_blame_the_tests(program: str, entry_point: str | None) -> None:
    found = check_code(program, "got = f(3)\nassert got == 4", entry_point)

    assert found.ended in {Ended.CROSSED, Ended.ERROR}, found


_CASES = """
import unittest
class TestCases(unittest.TestCase):
    def setUp(self): self.x = 3
    def test_right(self):
        self.assertEqual(f(self.x), 4)
        with self.assertRaises(TypeError): f("x")
    def test_more(self):
        for x in (1, 2):
            with self.subTest(x=x): self.assertEqual(f(x), x + 1)
    @unittest.skip("no")
    def test_skipped(self): self.fail()
"""


@pytest.mark.parametrize(
    ("program", "end", "ended"),
    [
        ("def f(x): return x + 1", "", Ended.PASSED),
        ("def f(x): return x + 1", "if __name__ == '__main__': unittest.main()", Ended.PASSED),
        ("def f(x): return x + 1", "unittest.main(argv=['x'], exit=False)", Ended.PASSED),
        ("def f(x): return int(x) + 1", "", Ended.CROSSED),
        ("def f(x): return 4 if x == 3 else 1 + 'x' if x == 'x' else x", "", Ended.FAILED),
        ("import unittest\ndef f(x): raise unittest.SkipTest", "", Ended.CROSSED),
        ("import unittest\nclass f(unittest.TestCase): pass", "", Ended.CROSSED),
        ("def f(x): return x + 1", "class TestCases(unittest.TestCase): pass", Ended.TEST_FAULT),
    ],
)
def test_cases_that_nobody_runs_are_run(program: str, end: str, ended: Ended) -> None:
    found = check_code(program, f"{_CASES}{end}\n")

    assert found.ended is ended, found


@pytest.mark.parametrize(
    "source",
    [
        f"f(3)\n{_CASES}",
        f"{_CASES}assert f(3) == 4",
        "got = f(3)\ndef test_right(): assert f(4) == 5",
        "got = f(3)\nasync def test_right(): assert f(4) == 5",
        f"{_CASES}unittest.TextTestRunner().run(unittest.TestSuite([TestCases('test_more')]))",
        (
            f"{_CASES}unittest.TextTestRunner().run(\n"
            "    unittest.defaultTestLoader.loadTestsFromTestCase(TestCases))"
        ),
        (
            "got = f(3)\nclass TestF:\n    def setup_method(self, test): self.x = 4\n"
            "    def test_right(self): assert f(self.x) == 5"
        ),
        "def test_one(): assert f(3) == 4\ndef test_other(): assert f(4) == 5\ntest_one()",
    ],
)
def test_what_is_left_is_run_though_the_code_has_asked_the_program_already(source: str) -> None:
    assert check_code("def f(x): return 4", source).ended is Ended.FAILED
    assert check_code("def f(x): return x + 1", source).ended is Ended.PASSED


@pytest.mark.parametrize(
    "run",
    [
        "def test(): ran.append(f(3))\ntest()",
        (
            "class T(unittest.TestCase):\n    def test(self): ran.append(f(3))\n"
            "unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T))"
        ),
    ],
)
def test_what_the_code_runs_itself_is_not_run_again(run: str) -> None:
    source = f"import unittest\nran = []\n{run}\ndef test_later(): assert ran == [4]"

    assert check_code("def f(x): return x + 1", source).ended is Ended.PASSED


_NOTHING = (
    *("f = 1", "class F: pass\nf = F()", "f = None", "def f(x): return x"),
    *("import os\nf = os", "from math import floor as f"),
)


@pytest.mark.parametrize("program", _NOTHING)
@pytest.mark.parametrize(
    "source",
    [
        "pass",
        "def helper():\n    assert f(3) == 4\n    helper()",
        "class TestF:\n    def test(self, x): assert f(x) == 4",
        "class TestF:\n    def __init__(self): self.x = 3\n    def test(self): assert f(self.x) == 4",
        "def test(x): assert f(x) == 4",
        "def run(): assert f(3) == 4\nif __name__ == '__main__': run()",
        "import unittest\nclass T(unittest.TestCase):\n    @unittest.skip('')\n    def test(self): f(3)",
        "import unittest\nclass T(unittest.TestCase): pass\nx = 1",
    ],
)
def test_tests_that_never_run_pass_nobody(program: str, source: str) -> None:
    assert check_code(program, source).ended is Ended.TEST_FAULT


@pytest.mark.parametrize("program", _NOTHING)
@pytest.mark.parametrize(
    "source",
    [
        "def test(): assert f(3) == 4",
        "def test(x=3, *more, **rest): assert f(x) == 4",
        "class TestF:\n    def test(self): assert f(3) == 4",
        "class TestF:\n    def setup_method(self): self.x = 3\n    async def test(self): f(self.x) + [4]",
        "class TestF:\n    def test(self): pass\n    def teardown_method(self, test): assert f(3) == 4",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(3), 4)",
        "def run(): assert f(3) == 4\ndef go(): run()\ngo()",
    ],
)
def test_tests_that_run_fail_who_has_no_function(program: str, source: str) -> None:
    assert check_code(program, source).ended in {Ended.FAILED, Ended.ERROR, Ended.CROSSED}


@pytest.mark.parametrize("names", ["A, f", "*"])
def test_to_import_a_class_or_a_function_is_not_to_use_it(names: str) -> None:
    """pytest asks of every class whether it is a test case."""
    files = {"test_a.py": f"from solution import {names}\ndef test_a(): pass\n"}

    assert check_files("class A: pass\ndef f(x): return x", files)["ended"] == Ended.TEST_FAULT


_NO_DIRECTORY = "FileNotFoundError(2, \"No usable temporary directory found in ['/tmp']\")"


def test_tests_that_get_no_temporary_directory_judge_nobody() -> None:
    """As tempfile says it where there is no scratch directory; a program that says so has failed."""
    of_tests = check_code("def f(x): return x", f"got = f(3)\nraise {_NO_DIRECTORY}")
    of_program = check_code(f"def f(x): raise {_NO_DIRECTORY}", "got = f(3)\nassert got == 4")

    assert (of_tests.ended, of_program.ended) == (Ended.TEST_FAULT, Ended.CROSSED)


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


def test_a_decorator_that_fails_is_a_line_of_its_own() -> None:
    """Which is before the lines of what it decorates."""
    faulty, asking = "@(1 / 0)\ndef g(): return f(1)\n", "@f['a']\ndef g(): pass\n"

    assert check_code("def f(x): return x", faulty).ended is Ended.TEST_FAULT
    assert check_code("def f(x): return x", asking).ended is Ended.ERROR
