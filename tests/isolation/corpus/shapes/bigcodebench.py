"""In the manner of BigCodeBench: mocks in the place of the library, and what tests hand over is open or in memory."""

from sandbox_runner.domain.cases import CodeCase, PytestCase
from tests.isolation.corpus.shapes.shape import Shape

_FILES = """
import json, os, unittest
from unittest.mock import MagicMock, mock_open, patch
from solution import task_func

class TestCases(unittest.TestCase):
    @patch("builtins.open", new_callable=mock_open, read_data="a b a\\nc a\\n")
    def test_counts(self, opened):
        self.assertEqual(task_func("in.txt", "out.json"), {"a": 3, "b": 1, "c": 1})
        opened.assert_any_call("in.txt")
        opened.assert_called_with("out.json", "w")
        written = "".join(each.args[0] for each in opened().write.call_args_list)
        self.assertEqual(json.loads(written), {"a": 3, "b": 1, "c": 1})
    @patch("builtins.open", side_effect=FileNotFoundError("gone"))
    def test_missing(self, opened):
        with self.assertRaises(FileNotFoundError):
            task_func("in.txt", "out.json")
        opened.assert_called_once()
"""
_COUNTING = """
import json
from collections import Counter
def task_func(source, target):
    with open(source) as file: counts = dict(Counter(file.read().split()))
    with open(target, "w") as file: json.dump(counts, file)
    return counts
"""
_CALLS = """
import os, smtplib, subprocess, unittest
from unittest.mock import MagicMock, patch
from solution import task_func

class TestCases(unittest.TestCase):
    @patch("smtplib.SMTP")
    @patch("os.listdir", return_value=["a.log", "b.txt", "c.log"])
    @patch("os.path.isfile", return_value=True)
    def test_mail(self, isfile, listdir, smtp):
        self.assertEqual(task_func("/logs", "ann@example.org"), 2)
        listdir.assert_called_once_with("/logs")
        self.assertEqual(isfile.call_count, 2)
        server = smtp.return_value.__enter__.return_value
        server.sendmail.assert_called_once_with("logs@example.org", ["ann@example.org"], "a.log, c.log")
    @patch("smtplib.SMTP", side_effect=ConnectionRefusedError)
    @patch("os.listdir", return_value=[])
    def test_refused(self, listdir, smtp):
        self.assertEqual(task_func("/logs", "ann@example.org"), -1)
"""
_MAILING = """
import os, smtplib
def task_func(directory, to):
    names = [n for n in sorted(os.listdir(directory)) if n.endswith(".log") and os.path.isfile(os.path.join(directory, n))]
    try:
        with smtplib.SMTP("localhost") as server:
            server.sendmail("logs@example.org", [to], ", ".join(names))
    except OSError:
        return -1
    return len(names)
"""
_READING = """
import io
def test_sum():
    out = io.StringIO()
    assert report(io.StringIO("ann,3\\nbob,4\\nann,5\\n"), out) == 2
    assert out.getvalue() == "ann 8\\nbob 4\\n"
test_sum()
"""
_HANDED_OVER = """
import io, logging, re, unittest
from solution import task_func

class TestCases(unittest.TestCase):
    def test_report(self):
        raw = io.BytesIO(b"ann,3\\nbob,x\\nann,5\\n")
        out = io.TextIOWrapper(io.BytesIO())
        with self.assertLogs("report", "WARNING") as seen:
            got = task_func(io.TextIOWrapper(raw, newline=""), out, re.compile("[0-9]+"), logging.getLogger("report"))
        self.assertEqual(got, 8)
        self.assertEqual(seen.output, ["WARNING:report:no number: x"])
        out.flush()
        self.assertEqual(out.buffer.getvalue(), b"ann 3\\nann 8\\n")
"""
_REPORTING = """
import csv
def task_func(source, target, number, logger):
    total = 0
    for name, text in csv.reader(source):
        if not number.fullmatch(text):
            logger.warning("no number: %s", text)
            continue
        total += int(text)
        print(name, total, file=target)
    return total
"""
_CALLS_OF_ITS_OWN = """
import solution
from unittest.mock import MagicMock, call
def test_use():
    mock = MagicMock()
    assert solution.use(mock) == 2
    assert mock.method_calls == [call.send(1), call.close()]
"""
_SPYING = """
import json, os, solution
from unittest.mock import patch
def test_save():
    with patch("os.write", wraps=os.write), patch("os._exit", wraps=os._exit):
        assert solution.f(3) == 4
    with patch("builtins.open", wraps=open), patch("json.dump", wraps=json.dump) as dump:
        solution.save([1])
    dump.assert_called_once()
"""
_SAVING = "def save(x): json.dump(x, open(os.devnull, 'w'))\n"

BIGCODEBENCH: dict[str, Shape] = {
    "a mock in the place of open": Shape(
        PytestCase({"test_files.py": _FILES}),
        _COUNTING,
        (
            _COUNTING.replace("dict(Counter(", "dict.fromkeys(").replace("split()))", "split(), 1)"),
            "def task_func(a, b): return {'a': 3, 'b': 1, 'c': 1}",
            _COUNTING.replace("json.dump(counts, file)", "json.dump({}, file)"),
            (
                "def task_func(a, b):\n    open.assert_any_call = open.assert_called_with = lambda *a: None\n"
                "    return {'a': 3, 'b': 1, 'c': 1}"
            ),
            "class Y(dict):\n    __eq__ = lambda *a: True\ndef task_func(a, b):\n    open(a)\n    open(b, 'w').write('{}')\n    return Y()",
        ),
    ),
    "mocks in the place of what would leave the jail": Shape(
        PytestCase({"test_calls.py": _CALLS}),
        _MAILING,
        (
            _MAILING.replace("sorted(os.listdir(directory))", "['a.log', 'c.log']"),
            _MAILING.replace("with smtplib", "if to: return 2\n        with smtplib"),
            "def task_func(a, b): return 2",
        ),
    ),
    "what a mock tells of its calls": Shape(
        PytestCase({"test_use.py": _CALLS_OF_ITS_OWN}),
        "def use(mock):\n    mock.send(1)\n    mock.close()\n    return 2",
        (
            "def use(mock):\n    mock.close()\n    mock.send(1)\n    mock.method_calls.reverse()\n    return 2",
            "def use(mock):\n    mock.method_calls[:] = [('send', (1,), {}), ('close', (), {})]\n    return 2",
            "def use(mock):\n    mock.reset_mock()\n    mock.method_calls = [('send', (1,), {}), ('close', (), {})]\n    return 2",
        ),
    ),
    "functions of the library that tests listen to": Shape(
        PytestCase({"test_save.py": _SPYING}),
        f"import json, os\n{_SAVING}def f(x): return x + 1",
        (
            f"import json, os\n{_SAVING}def f(x): return x",
            "def f(x): return x + 1\ndef save(x): pass",
        ),
    ),
    "text in memory": Shape(
        CodeCase(_READING),
        "import csv\nfrom collections import Counter\ndef report(source, target):\n    sums = Counter()\n"
        "    for name, n in csv.reader(source): sums[name] += int(n)\n"
        "    for name in sorted(sums): print(name, sums[name], file=target)\n    return len(sums)\n",
        (
            "def report(source, target): return 2",
            "def report(source, target):\n    target.getvalue = lambda: 'ann 8\\nbob 4\\n'\n    return 2",
            "def report(source, target):\n    target.write(source.read())\n    return 2",
        ),
    ),
    "an open file, a pattern and a logger": Shape(
        PytestCase({"test_report.py": _HANDED_OVER}),
        _REPORTING,
        (
            "def task_func(a, b, c, d): return 8",
            _REPORTING.replace("not number.fullmatch(text)", "not text.isdigit() and not number.search('1')"),
            _REPORTING.replace('logger.warning("no number: %s", text)', "pass"),
            _REPORTING.replace("file=target", ""),
            _REPORTING.replace(
                "print(", "target.buffer.getvalue = lambda: b'ann 3\\nann 8\\n'; (lambda *a, **k: 0)("
            ),
            _REPORTING.replace("print(", "type(target)(1).write('ann 3'); print("),
        ),
    ),
}
