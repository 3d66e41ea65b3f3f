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


REPLACED = """
import datetime, random, time
import unittest.mock
from unittest.mock import patch
import pytest
from solution import slow, throw, today

def test_with():
    with patch("time.sleep") as sleep:
        assert slow() == 1
    sleep.assert_called_once_with(1000)

@patch("random.randint", return_value=4)
def test_decorated(randint):
    assert throw() == 4
    randint.assert_called_once_with(1, 6)

def test_monkeypatch(monkeypatch):
    monkeypatch.setattr(random, "randint", lambda a, b: b)
    assert throw() == 6
    monkeypatch.setattr("time.sleep", lambda s: None)
    assert slow() == 1

def test_class():
    with patch("datetime.date") as date:
        date.today.return_value = 5
        assert today() == 5

def test_all_is_as_it_was():
    assert {throw() for _ in range(100)} == {1, 2, 3, 4, 5, 6} and today() == datetime.date.today()
"""


REPLACED_BY_MOCKS = """
import csv, json, os, smtplib, subprocess, sys, unittest
from pathlib import Path
from unittest.mock import MagicMock, call, mock_open, patch
from solution import count, exists, fetch, leave, listed, load, makes, names, run, save, send, table, where

class TestCases(unittest.TestCase):
    @patch("builtins.open", new_callable=mock_open, read_data="a b a\\nc a\\n")
    def test_open(self, opened):
        self.assertEqual(count("f.txt"), {"a": 3, "b": 1, "c": 1})
        opened.assert_called_once_with("f.txt")
        opened().__exit__.assert_called_once_with(None, None, None)
    def test_rows(self):
        with patch("builtins.open", mock_open(read_data="id,v\\n1,10\\n2,20\\n")):
            self.assertEqual(table("f.csv"), 30)
    def test_write(self):
        with patch("builtins.open", mock_open()) as opened:
            save({"b": 1}, "o.json")
        opened.assert_called_once_with("o.json", "w")
        self.assertEqual("".join(each.args[0] for each in opened().write.call_args_list), '{"b": 1}')
        with patch("builtins.open", side_effect=PermissionError("no")), self.assertRaises(PermissionError):
            save({}, "o.json")
    @patch("json.loads", return_value={"k": 2})
    @patch("json.dumps", return_value="'")
    @patch("os.write", side_effect=OSError)
    @patch("os.read", side_effect=OSError)
    def test_what_carries_the_conversation(self, *_):
        self.assertEqual(load("{"), ({"k": 2}, "'"))
        self.assertEqual(load("["), ({"k": 2}, "'"))
    @patch("os.makedirs")
    @patch("os.path.exists", return_value=False)
    def test_directories(self, exists, makedirs):
        self.assertTrue(makes("/data/x"))
        makedirs.assert_called_once_with("/data/x", exist_ok=True)
    @patch("os.listdir", side_effect=[["a.py", "b"], OSError("gone")])
    def test_list(self, listdir):
        self.assertEqual(listed("/d"), ["a.py"])
        with self.assertRaises(OSError):
            listed("/d")
        self.assertEqual(listdir.mock_calls, [call("/d"), call("/d")])
    @patch("urllib.request.urlopen")
    def test_url(self, urlopen):
        urlopen.return_value.__enter__.return_value.read.return_value = b"[1]"
        self.assertEqual(fetch("http://x"), [1])
    @patch("smtplib.SMTP")
    def test_class(self, smtp):
        self.assertTrue(send("a", "b"))
        smtp.return_value.sendmail.assert_called_once_with("a", ["b"], "hi")
        smtp.return_value.quit.assert_called_once_with()
    @patch("subprocess.run", return_value=subprocess.CompletedProcess("x", 3, stdout="out"))
    def test_process(self, run_):
        self.assertEqual(run("x"), (3, "out"))
    def test_method(self):
        with patch.object(Path, "exists", lambda self: self.name == "a"):
            self.assertEqual((exists("/a"), exists("/b")), (True, False))
        with patch("pathlib.Path.exists", return_value=True) as exist:
            self.assertTrue(exists("/b"))
        exist.assert_called_once_with()
        self.assertFalse(exists("/b"))
    @patch("builtins.vars", return_value=5)
    def test_what_puts_it_back(self, vars_):
        self.assertEqual(names(), 5)
    @patch("sys.exit")
    def test_exit(self, exit):
        self.assertEqual(leave(), 5)
        exit.assert_called_once_with(1)

def test_pytest(monkeypatch):
    monkeypatch.setattr(os, "getcwd", lambda: "/where")
    assert where() == "/where"
    with monkeypatch.context() as within:
        within.setattr("os.getcwd", lambda: "/there")
        assert where() == "/there"
    assert where() == "/where"
    monkeypatch.undo()
    assert where() not in {"/where", "/there"}

def test_a_function_that_replaces_something_itself():
    def within(function):
        with patch("os.getcwd", return_value="/inner"):
            return where()
    with patch("os.getcwd", return_value="/outer"):
        assert run(within, by=lambda f: f(None)) == "/inner"
        assert where() == "/outer"
"""
_MOCKED = """
import csv, json, os, smtplib, subprocess, sys, urllib.request
from collections import Counter
from pathlib import Path
def count(path):
    with open(path) as file: return dict(Counter(file.read().split()))
def table(path):
    with open(path, newline="") as file: return sum(int(row["v"]) for row in csv.DictReader(file))
def save(data, path):
    with open(path, "w") as file: json.dump(data, file)
def load(text): return json.loads(text), json.dumps(text)
def makes(path):
    if not os.path.exists(path): os.makedirs(path, exist_ok=True)
    return True
def listed(path): return [name for name in os.listdir(path) if name.endswith(".py")]
def fetch(url):
    with urllib.request.urlopen(url) as answer: return json.loads(answer.read().decode())
def send(sender, to):
    server = smtplib.SMTP("localhost")
    server.sendmail(sender, [to], "hi")
    server.quit()
    return True
def run(command, by=None):
    if by: return by(command)
    done = subprocess.run(command)
    return done.returncode, done.stdout
def exists(path): return Path(path).exists()
def where(): return os.getcwd()
def names(): return vars()
def leave():
    sys.exit(1)
    return 5
"""


_THREADS = """
import urllib.request
from concurrent.futures import ThreadPoolExecutor
def fetch(url):
    with urllib.request.urlopen(url) as answer: return answer.read().decode()
def fetch_all(urls):
    with ThreadPoolExecutor(4) as pool: return list(pool.map(fetch, urls))
"""
_IN_THREADS = """
from unittest.mock import MagicMock, patch
from solution import fetch_all
def answer(url):
    answered = MagicMock()
    answered.__enter__.return_value.read.return_value = url.encode()
    return answered
@patch("urllib.request.urlopen", side_effect=answer)
def test(urlopen):
    urls = [f"http://x/{n}" for n in range(40)]
    assert fetch_all(urls) == urls
    assert urlopen.call_count == 40
"""


def test_threads_of_the_program_meet_what_was_replaced_and_take_turns() -> None:
    found = check_files(_THREADS, {"test_threads.py": _IN_THREADS})

    assert (found["ended"], found["failed"]) == ("passed", 0), found


def test_what_mocks_replace_of_it_is_too_whatever_it_is() -> None:
    found = check_files(_MOCKED, {"test_mocks.py": REPLACED_BY_MOCKS})

    assert (found["ended"], found["failed"], found["weak"]) == ("passed", 0, False), found


_RECORDS = """
import solution
from unittest.mock import AsyncMock, MagicMock, call
def test_no_call_is_taken_back():
    mock = MagicMock()
    solution.use(mock)
    assert mock.method_calls == [call.send(1)]
def test_none_is_made_up():
    mock = AsyncMock()
    solution.use(mock)
    assert mock.await_args_list == [call(1)]
"""
_FORGING = """
def use(mock):
    for name in ("method_calls", "await_args_list"):
        try: getattr(mock, name)[:] = [("send", (1,), {})] if name == "method_calls" else [((1,), {})]
        except AttributeError: pass
"""


def test_a_program_does_not_write_what_a_mock_tells_of_its_calls() -> None:
    found = check_files(_FORGING, {"test_records.py": _RECORDS})

    assert (found["ended"], found["failed"]) == ("failed", 2), found


def test_what_tests_replace_of_the_library_is_replaced_for_the_program() -> None:
    program = (
        "import datetime, random, time\ndef slow():\n    time.sleep(1000)\n    return 1\n"
        "def throw(): return random.randint(1, 6)\ndef today(): return datetime.date.today()\n"
    )

    found = check_files(program, {"test_it.py": REPLACED})

    assert (found["ended"], found["passed"]) == ("passed", 5), found


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
