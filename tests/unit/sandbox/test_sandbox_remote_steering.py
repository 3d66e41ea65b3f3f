"""A program that would rather steer what runs its tests, or answer where nobody looks, than be right."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code, check_files

_STOP = """
def f(x): raise StopIteration
g = f
class A:
    @property
    def x(self): return f(1)
ends = iter(())
def end(n): raise IndexError
def aend(n): raise StopAsyncIteration
"""
_TRYING = "def same(x):\n    try: return f(x) == 2\n    {}\nassert all(map(same, [1]))"


@pytest.mark.parametrize(
    "source",
    [
        "assert all(x == y for x, y in zip(map(f, [1, 2]), [2, 3]))",
        "assert all(map(f, [1, 2]))",
        "assert all(map(f, [1, 2]))\ntry: f(1)\nexcept StopIteration: pass",
        "assert not any(map(lambda x: f(x) == 2, [1, 2]))",
        "assert list(filter(f, [1, 2])) == []",
        "from operator import attrgetter as get\nassert all(map(get('x'), [A()]))",
        "def same(x): return f(x) == 2\nassert all(map(same, [1])) and A()",
        _TRYING.format("finally: pass"),
        "def same(x):\n    with lock: return f(x) == 2\nassert all(map(same, [1]))",
        _TRYING.format("except ValueError: return False"),
        _TRYING.format("except StopIteration: raise"),
        "def same(x): return next(ends) == 2\nassert all(map(same, [1]))",
        "class S:\n    def __getitem__(self, n): return end(n)\nfor x in S(): assert x == 2",
        (
            "import asyncio\nclass S:\n    def __aiter__(self): return self\n"
            "    async def __anext__(self): return aend(1)\n"
            "async def main():\n    async for x in S(): assert x == 2\nasyncio.run(main())"
        ),
    ],
)
def test_an_iterator_that_the_program_ended_by_an_exception_marks_the_run(source: str) -> None:
    found = check_code(_STOP, f"import threading\nlock = threading.Lock()\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


_STEPS = """
class Steps:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self): return self.step()
    def step(self):
        if not self.n: raise StopIteration
        self.n -= 1
        return self.n
def f(x):
    got = yield x
    return got
"""


@pytest.mark.parametrize(
    "source",
    [
        "s = Steps(0)\ntry: s.step()\nexcept StopIteration: pass\nelse: assert False",
        (
            "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
            "        self.assertRaises(StopIteration, Steps(0).step)\n"
            "        with self.assertRaises(StopIteration): Steps(0).step()"
        ),
        "assert list(Steps(2)) == [1, 0] and list(map(abs, Steps(1))) == [0]",
        "g = f(1)\nnext(g)\ntry: g.send(4)\nexcept StopIteration as end: assert end.value == 4",
        "s = Steps(2)\nwhile True:\n    try: s.step()\n    except StopIteration: break\nassert s.n == 0",
        "s = Steps(2)\ntry:\n    while True: s.step()\nexcept StopIteration: pass\nassert s.n == 0",
        "for n in (0, 0, 1):\n    try: Steps(n).step()\n    except StopIteration: pass",
        "def g():\n    try: Steps(0).step()\n    except StopIteration: yield 1\nassert next(g())",
        "def g():\n    for n in Steps(1): pass\n    raise KeyError\ntry: g()\nexcept KeyError: pass",
        "assert next(Steps(0), 5) == 5 and list(zip(Steps(2), Steps(1))) == [(1, 0)]",
    ],
)
def test_one_that_ends_as_iterators_do_does_not(source: str) -> None:
    found = check_code(_STEPS, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_SETS = """
class Y(set):
    def difference(self, other): self.seen = other; return set()
    def __iter__(self): return iter(self.seen)
class Z:
    difference, __iter__ = Y.difference, Y.__iter__
class W(set):
    def __iter__(self): return iter(range(9))
class S(set): pass
def f(kind, *items): return kind(items)
from collections import Counter
class C(Counter):
    def __getitem__(self, key): return 1
    def __iter__(self): return iter(())
class D(Counter): pass
"""
_SET = "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertSetEqual({}, {{1, 2}})"


@pytest.mark.parametrize("told", ["f(Y)", "Z()", "f(W)", "f(S, 1)", "f(list, 1, 2)"])
def test_an_object_does_not_say_which_set_it_equals(told: str) -> None:
    found = check_code(_SETS, _SET.format(told))

    assert found.ended in {Ended.FAILED, Ended.ERROR}, found


@pytest.mark.parametrize("told", ["f(S, 1, 2)", "f(set, 1, 2)", "f(frozenset, 2, 1)"])
def test_a_set_is_compared_by_what_it_holds(told: str) -> None:
    found = check_code(_SETS, _SET.format(told))

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("assert Counter('ab') == f(C)", Ended.FAILED),
        ("assert Counter('ab') <= f(C)", Ended.FAILED),
        ("assert not Counter('ab') - f(C)", Ended.FAILED),
        ("assert not Counter('ab') != f(C)", Ended.FAILED),
        ("assert Counter('ab') == f(D, *'ab') and f(D, 'a') < Counter('ab')", Ended.PASSED),
        (
            "assert Counter('ab') - f(D, 'a') == {'b': 1} and f(D, 'a') + Counter('a') == {'a': 2}",
            Ended.PASSED,
        ),
    ],
)
def test_a_counter_is_compared_by_what_it_holds(source: str, ended: Ended) -> None:
    found = check_code(_SETS, f"from collections import Counter\n{source}")

    assert (found.ended, found.weak) == (ended, False), found


@pytest.mark.parametrize(
    "name",
    [
        "pytestmark = lambda: 0",
        "pytest_plugins = ['nothing']",
        "def pytest_generate_tests(metafunc): metafunc.parametrize('x', [])",
        "def pytest_runtest_protocol(item, nextitem): return True",
        "def setup_module(module): module.test_f = lambda: None",
        "def setUpModule(): raise ValueError",
        "def teardown_module(module): module.x",
        "def setup_function(function): function.name",
        "def teardown_function(function): function.name",
    ],
)
def test_importing_all_names_brings_none_by_which_pytest_is_steered(name: str) -> None:
    files = {
        "conftest.py": "from solution import *\n",
        "test_f.py": "from solution import *\ndef test_f(): assert f(3) == 4\n",
    }

    assert check_files(f"{name}\ndef f(x): return x + 1", files)["ended"] == Ended.PASSED
    assert check_files(f"{name}\ndef f(x): return 5", files)["ended"] == Ended.FAILED


@pytest.mark.parametrize(
    "source",
    [
        "assert ANSWER == 42",
        "assert ANSWER + 1 == 43",
        "assert ANSWER > 41",
        "assert len(ANSWER) == 42",
        "assert ANSWER['a'] == 42",
        "assert 'a' in ANSWER",
        "for each in ANSWER: assert each",
        "assert isinstance(ANSWER, int)",
        "import solution\nassert len(solution.ANSWER) == 42",
        "import solution as s\ngot = s.ANSWER\nassert got == 42",
        "def look(x):\n    assert x == 42\nlook(ANSWER)",
    ],
)
@pytest.mark.parametrize("program", ["def ANSWER(): pass", "class ANSWER: pass", "ANSWER = type"])
def test_a_function_in_place_of_data_cannot_blame_the_tests(program: str, source: str) -> None:
    found = check_code(program, source, None)
    of_files = check_files(
        program, {"test_a.py": f"from solution import ANSWER\ndef test(): {_within(source)}"}
    )

    assert found.ended in {Ended.FAILED, Ended.ERROR}, found
    assert of_files["ended"] in {Ended.FAILED, Ended.ERROR}, of_files


def _within(source: str) -> str:
    return "\n    " + source.replace("\n", "\n    ")


@pytest.mark.parametrize(
    "source", ["assert 1 == 2\nassert f(3) == 4", "g = f\nx = 1\nassert x == 2", "len(5)"]
)
def test_tests_that_fail_by_themselves_still_judge_nobody(source: str) -> None:
    assert check_code("def f(x): return x + 1", source).ended is Ended.TEST_FAULT


_SKIPPING = """
import unittest
got = f(3)
{}class T(unittest.TestCase):
{}    def test(self): self.assertEqual(got, 4)
"""


@pytest.mark.parametrize(
    "skipping",
    [
        ("@unittest.skipUnless(got, '')\n", ""),
        ("", "    def setUp(self):\n        if not got: self.skipTest('')\n"),
        ("", "    @classmethod\n    def setUpClass(cls):\n        if not got: raise unittest.SkipTest\n"),
    ],
)
def test_a_program_by_whose_answer_every_test_is_skipped_has_not_passed(skipping: tuple[str, str]) -> None:
    source = _SKIPPING.format(*skipping)

    assert check_code("def f(x): return x + 1", source).ended is Ended.PASSED
    assert check_code("def f(x): return 0", source).ended is Ended.TEST_FAULT


_ASYNC = """
import unittest
class T(unittest.TestCase):
    async def test_a(self): self.assertEqual(f(3), 4)
    def test_b(self): self.assertEqual(f(4), 5)
"""


def test_an_async_method_of_a_test_case_is_awaited_or_judges_nobody() -> None:
    files = {"test_a.py": f"from solution import f\n{_ASYNC}"}

    assert check_code("def f(x): return x + 1", _ASYNC).ended is Ended.PASSED
    assert check_code("def f(x): return 5", _ASYNC).ended is Ended.FAILED
    assert check_files("def f(x): return 5", files)["ended"] == Ended.TEST_FAULT
    in_time = files["test_a.py"].replace("TestCase", "IsolatedAsyncioTestCase")
    assert check_files("def f(x): return x + 1", {"test_a.py": in_time})["ended"] == Ended.PASSED
    assert check_files("def f(x): return 5", {"test_a.py": in_time})["ended"] == Ended.FAILED


_FIXTURES = """
import unittest
ran = []
def setUpModule():
    global expected
    expected = 4
def tearDownModule(): ran.append(f(0))
class T(unittest.TestCase):
    def test(self): self.assertEqual(f(3), expected)
"""


def test_fixtures_of_the_module_run_with_its_test_cases() -> None:
    assert check_code("def f(x): return x + 1", _FIXTURES).ended is Ended.PASSED
    assert check_code("def f(x): return 5", _FIXTURES).ended is Ended.FAILED
    assert check_code("def f(x): return 4 if x else 1 / 0", _FIXTURES).ended is Ended.CROSSED


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("unittest", "class T(unittest.TestCase):\n    def test(self): self.assertEqual(f(3), 4)"),
        ("pytest", "def test():\n    with pytest.raises(ValueError): f(3)"),
        ("asyncio", "async def main(): assert f(3) == 4\nasyncio.run(main())"),
    ],
)
def test_what_runs_tests_is_not_the_programs_though_they_do_not_import_it(name: str, source: str) -> None:
    fake = (
        "class R:\n    def __enter__(self): pass\n    def __exit__(self, *e): return True\n"
        "class M:\n    TestCase = object\n    raises = lambda *a: R()\n    run = lambda *a: None\n"
    )

    found = check_code(f"{fake}{name} = M()\ndef f(x): return 5", f"assert f(1)\n{source}")

    assert found.ended in {Ended.FAILED, Ended.CROSSED}, found  # by whether this process has it


_ASSERTING = """
class Oracle:
    def ask(self, n):
        assert n == 4, "expected 4"
        return True
def verify(n): assert n == 4, "expected 4"
"""


@pytest.mark.parametrize(
    "source", ["f(verify)", "f(Oracle().ask)", "import unittest\nf(unittest.TestCase().assertTrue)"]
)
@pytest.mark.parametrize(
    ("program", "weak"),
    [
        ("def f(g):\n    try: g(0)\n    except Exception: pass", True),
        ("def f(g):\n    for n in range(9):\n        try: return g(n)\n        except Exception: pass", True),
        ("def f(g): g(4)", False),
    ],
)
def test_an_assertion_that_failed_in_a_function_of_the_tests_marks_the_run(
    source: str, program: str, weak: bool
) -> None:
    found = check_code(program, f"{_ASSERTING}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, weak), found
