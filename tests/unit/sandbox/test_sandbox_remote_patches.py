"""What tests replace of the library is replaced for the program too, and put back."""

from tests.unit.sandbox.two_sides import check_files

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
