"""pytest files beside a program in another process."""

import pytest

from tests.unit.sandbox.tested_program import PROGRAM
from tests.unit.sandbox.two_sides import check_files

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
        ("@pytest.mark.xfail(strict=True)\ndef test(): assert f(3) == 4", "failed", "XPASS"),
        ("async def test(): assert f(3) == 4", "test_fault", "async"),
        ("def test_one(): assert f(3) == 4\nasync def test(): yield f(3)", "test_fault", "async"),
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


@pytest.mark.parametrize("name", ["CollectError", "Failed", "Skipped", "Exit", "UsageError", "SkipTest"])
def test_an_exception_named_like_one_of_pytests_is_the_programs(name: str) -> None:
    program = f"class {name}(Exception): pass\ndef f(x): raise {name}('no')\ndef g(): return 1\n"
    tests = "from solution import f, g\ndef test_g(): assert g() == 1\ndef test_f(): assert f(3) == 4\n"

    found = check_files(program, {"test_it.py": tests})

    assert (found["ended"], found["type"], found["passed"]) == ("crossed", name, 1), found


def test_a_conftest_may_run_async_tests() -> None:
    hook = "import asyncio\ndef pytest_pyfunc_call(pyfuncitem): return not asyncio.run(pyfuncitem.obj())\n"
    files = {"conftest.py": hook, "test_f.py": "from solution import f\nasync def test(): assert f(3) == 4\n"}

    assert check_files(PROGRAM, files)["ended"] == "passed"


PATCHES = """
from unittest.mock import patch
import pytest
import solution

def test_set_and_put_back(monkeypatch):
    monkeypatch.setattr(solution, "f", lambda x: 40)
    assert solution.apply(solution.f, 3) == solution.twice(3) / 2 == 40

def test_by_name(monkeypatch):
    assert solution.twice(3) == 8
    monkeypatch.setattr("solution.f", lambda x: 50)
    assert solution.twice(3) == 100

@patch("solution.f", side_effect=lambda x: 7)
def test_mock(f):
    assert solution.twice(3) == 14
    f.assert_called_with(3)

def test_of_a_class(monkeypatch):
    monkeypatch.setattr(solution.Point, "norm", lambda self: self.x + 40)
    assert solution.Point(1, 2).norm() == 41 and solution.Point.norm(solution.Point(2, 2)) == 42
    monkeypatch.setattr(solution.Point, "norm", len)
    assert solution.Point(3, 4).norm("ab") == 2
    with patch.object(solution.Point, "norm", return_value=8) as norm:
        assert solution.Point(3, 4).norm() == 8
    norm.assert_called_once_with()
    monkeypatch.undo()
    assert solution.Point(3, 4).norm() == 5

def test_a_name_of_its_own(monkeypatch):
    monkeypatch.setattr(solution, "NEW", 5, raising=False)
    assert solution.NEW == 5 and "NEW" in dir(solution) and vars(solution)["NEW"] == 5

def test_all_is_as_it_was():
    assert solution.twice(3) == 8 and not hasattr(solution, "NEW")
    del solution.VERSION
    assert not hasattr(solution, "VERSION") and "VERSION" not in vars(solution)
"""


def test_names_of_the_program_are_replaced_and_put_back() -> None:
    program = f"{PROGRAM}def twice(x): return f(x) + f(x)\n"

    found = check_files(program, {"test_it.py": PATCHES})

    assert (found["ended"], found["passed"]) == ("passed", 6), found


WARNED = """
import warnings
import pytest
from solution import OldWay, f, warn

def test_warns():
    with pytest.warns(DeprecationWarning, match="old"):
        assert warn() == 1
    with pytest.warns(OldWay):
        warn(OldWay)

def test_counts(recwarn):
    f(1)
    warn()
    assert [str(each.message) for each in recwarn] == ["old way"]

def test_filters():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeprecationWarning):
            warn()
    with pytest.raises(pytest.fail.Exception), pytest.warns(UserWarning):
        warn()
"""


LOGGED = """
import logging, unittest
from solution import f, quiet

def test_text(caplog):
    assert f(1) == 1
    assert "careful 1" in caplog.text and "detail" not in caplog.text and "ZeroDivisionError" in caplog.text
    assert caplog.record_tuples[0] == ("app", logging.WARNING, "careful 1")

def test_level(caplog):
    with caplog.at_level(logging.DEBUG, logger="app"):
        f(2)
    assert "detail" in [each.message for each in caplog.records]

def test_none(caplog):
    assert quiet() == 2 and not caplog.records

class TestIt(unittest.TestCase):
    def test_it(self):
        with self.assertLogs("app", level="INFO") as logged:
            f(3)
        assert logged.output[0] == "WARNING:app:careful 3"
        with self.assertRaises(AssertionError), self.assertLogs("app"):
            quiet()
"""


def test_tests_hear_what_the_program_logs() -> None:
    program = (
        "import logging\nlog = logging.getLogger('app')\n"
        "def f(x):\n    log.debug('detail')\n    log.warning('careful %d', x)\n"
        "    try: 1 / 0\n    except ZeroDivisionError: log.exception('broken')\n    return x\n"
        "def quiet(): return 2\n"
    )

    found = check_files(program, {"test_it.py": LOGGED})

    assert (found["ended"], found["passed"]) == ("passed", 4), found


def test_the_program_sees_variables_that_tests_set_and_none_of_pytests() -> None:
    program = "import os, sys\ndef f(name): return os.environ.get(name)\ndef argv(): return sys.argv\n"
    source = (
        "import os, sys\nfrom solution import argv, f\n"
        "def test_set(monkeypatch):\n"
        "    monkeypatch.setenv('TOKEN', 'a')\n    assert f('TOKEN') == 'a'\n"
        "    monkeypatch.delenv('TOKEN')\n    assert f('TOKEN') is None\n"
        "    monkeypatch.setenv('TOKEN', 'b')\n"
        "    monkeypatch.setattr(sys, 'argv', ['x', '5'])\n    assert argv() == ['x', '5']\n"
        "def test_put_back(): assert f('TOKEN') is None and argv() != ['x', '5']\n"
        "def test_named():\n    assert 'test_named' in os.environ['PYTEST_CURRENT_TEST']\n"
        "    assert 'test_named' not in str(f('PYTEST_CURRENT_TEST'))\n"
    )

    found = check_files(program, {"test_it.py": source})

    assert (found["ended"], found["passed"]) == ("passed", 3), found


def test_a_patched_print_is_called_by_the_program() -> None:
    program = "def greet(name):\n    print('Hi', name, sep=', ')\n    return 1\n"
    source = (
        "from unittest.mock import patch\nfrom solution import greet\ndef test():\n"
        "    with patch('builtins.print') as shown: assert greet('Ann') == 1\n"
        "    shown.assert_called_once_with('Hi', 'Ann', sep=', ')\n"
        "    assert greet('Bo') == 1 and shown.call_count == 1\n"
    )

    found = check_files(program, {"test_it.py": source})

    assert (found["ended"], found["passed"]) == ("passed", 1), found


def test_tests_record_what_the_program_warns_of() -> None:
    found = check_files(PROGRAM, {"test_it.py": WARNED})

    assert (found["ended"], found["passed"]) == ("passed", 3), found


def test_files_have_not_passed_when_pytest_itself_broke_down() -> None:
    hook = "def pytest_runtest_logfinish():\n    from solution import f\n    f('3')\n"
    files = {"conftest.py": hook, "test_f.py": "def test_one(): pass\ndef test_two(): assert False\n"}

    found = check_files(PROGRAM, files)

    assert (found["ended"], found["type"]) == ("crossed", "TypeError"), found


@pytest.mark.parametrize("hook", ["sessionstart", "sessionfinish"])
def test_a_hook_that_the_program_leaves_is_told(hook: str) -> None:
    files = {
        "conftest.py": f"def pytest_{hook}():\n    import solution\n    solution.leave(0)\n",
        "test_f.py": "from solution import f\ndef test_one(): assert f(3) == 4\n",
    }

    found = check_files(PROGRAM, files)

    assert (found["ended"], found["type"]) == ("crossed", "SystemExit"), found


def test_a_failed_assertion_of_a_file_is_quoted_with_its_line() -> None:
    found = check_files(
        PROGRAM, {"test_it.py": "from solution import f\n\ndef test():\n    assert f(3) == 5\n"}
    )

    assert (found["line"], found["source"]) == (4, "assert f(3) == 5")
