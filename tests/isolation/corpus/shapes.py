"""Tests in the shapes of public data sets, each with a program that is right and several that are not.

After BigCodeBench, LeetCode and MBPP: mocks in the place of the library, and objects of classes that only the tests have.
"""

from dataclasses import dataclass

from sandbox_runner.domain.cases import Case, CodeCase, PytestCase


@dataclass(frozen=True, slots=True)
class Shape:
    case: Case
    right: str
    wrong: tuple[str, ...]
    weak: tuple[str, ...] = ()
    """Wrong ones that may pass, but not unmarked."""


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
_LIST = """
class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next
def build(values):
    head = None
    for value in reversed(values): head = ListNode(value, head)
    return head
def dump(node):
    out = []
    while node:
        out.append(node.val)
        node = node.next
    return out
head = build([1, 2, 3, 4])
tail = head.next.next.next
assert Solution().reverseList(head) is tail
assert dump(tail) == [4, 3, 2, 1]
assert dump(Solution().reverseList(build([7]))) == [7] and Solution().reverseList(None) is None
"""
_TREE = """
class Node:
    def __init__(self, data):
        self.data = data
        self.left = None
        self.right = None
root = Node(1)
root.left, root.right = Node(2), Node(3)
root.left.left = Node(4)
root.left.left.left = Node(5)
lean = Node(1)
lean.left = Node(2)
assert is_tree_balanced(root) == False
assert is_tree_balanced(lean) == True
assert is_tree_balanced(None) == True
"""
_ORACLE = """
class Master:
    def __init__(self, secret): self._secret, self.calls, self.solved = secret, 0, False
    def guess(self, word):
        self.calls += 1
        self.solved |= word == self._secret
        return sum(a == b for a, b in zip(word, self._secret))
    def is_solved(self): return self.solved and self.calls <= 4
for secret in ("acckzz", "eiowzz"):
    master = Master(secret)
    assert Solution().find(["acckzz", "ccbazz", "eiowzz", "abcczz"], master) is None
    assert master.is_solved() and master.solved is True
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
_PAIRS = """
import abc
from functools import partial
from types import SimpleNamespace
EXPECTED = 4
class Shape(abc.ABC):
    def __init__(self, side, scale): self._side, self.scale = side, scale
    @abc.abstractmethod
    def area(self, secret=4): ...
class Square(Shape):
    def area(self, secret=4): return self.scale(self._side) ** 2
def times(x, k): return x * k
def fail(): raise ValueError
shape = Square(1, partial(times, k=2))
assert f(shape, fail) == EXPECTED
grown = grow(shape)
assert type(grown) is Square and grown.area() == 16
"""
_IMPORTING = {
    "conftest.py": "from solution import *\n",
    "test_f.py": "from solution import *\ndef test_f(): assert f(3) == 4\ndef test_more(): assert f(4) == 5\n",
}
_STEERING = (
    *("def pytest_pyfunc_call(): return True", "def pytest_runtest_protocol(): return True"),
    *("def pytest_collection_modifyitems(items): items.clear()", "pytestmark = lambda: 0"),
    *(
        "def pytest_runtest_logreport(report): report.outcome = 'passed'",
        "def setUpModule(): raise ValueError",
    ),
    *("def setup_module(module): module.test_f = module.test_more = lambda: None", "pytest_plugins = ['x']"),
)
_HOLDING = """
import unittest
from collections import Counter
class T(unittest.TestCase):
    def test_set(self): self.assertSetEqual(letters("ab"), {"a", "b"})
    def test_counts(self):
        self.assertTrue(Counter("ab") == counts("ab"))
        self.assertFalse(Counter("ab") - counts("ab"))
"""
_PRETENDING = """
from collections import Counter
class S({}):
    def difference(self, other): self.seen = other; return set()
    def __iter__(self): return iter(self.seen)
class C(Counter):
    def __getitem__(self, key): return 1
    def __iter__(self): return iter(())
def letters(text): return S()
def counts(text): return C()
"""
_MAPPING = """
cases = {1: 2, 3: 4}
assert all(got == expected for got, expected in zip(map(f, cases), cases.values()))
assert not any(map(lambda x: f(x) % 2, cases))
"""
_BY_NAME = "assert ANSWER == 42 and len(TABLE) == 2\nassert TABLE['a'] == ANSWER"
_GROWING = "def f(shape, fail): return shape.area()\ndef grow(shape): return type(shape)(2, shape.scale)\n"
_TRY = "def grow(shape): return type(shape)(2, shape.scale)\nfrom sandbox_runner.jail.remote.program_side.borrowed import asked\n"
SHAPES = {
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
    "nodes of a list": Shape(
        CodeCase(_LIST),
        "class Solution:\n    def reverseList(self, head):\n        last = None\n"
        "        while head: head.next, last, head = last, head, head.next\n        return last\n",
        (
            "class Solution:\n    def reverseList(self, head): return head",
            (
                "class Solution:\n    def reverseList(self, head):\n        while head and head.next: head = head.next\n"
                "        return head"
            ),
            "class Y:\n    val = next = None\n    __eq__ = lambda *a: True\nclass Solution:\n    def reverseList(self, head): return Y()",
            (
                "class Y(int):\n    __eq__ = lambda *a: True\n    __hash__ = None\nclass Solution:\n    def reverseList(self, head):\n"
                "        last = None\n        while head: head.val, head.next, last, head = Y(9), last, head, head.next\n"
                "        return last\n"
            ),
        ),
    ),
    "nodes of a tree": Shape(
        CodeCase(_TREE),
        "def depth(r): return 0 if r is None else 1 + max(depth(r.left), depth(r.right))\ndef is_tree_balanced(r):\n"
        "    return r is None or (abs(depth(r.left) - depth(r.right)) <= 1 and is_tree_balanced(r.left)\n"
        "                         and is_tree_balanced(r.right))\n",
        (
            "def is_tree_balanced(r): return True",
            "class Y:\n    __eq__ = lambda *a: True\ndef is_tree_balanced(r): return Y()",
        ),
    ),
    "an oracle that is asked": Shape(
        CodeCase(_ORACLE),
        "class Solution:\n    def find(self, words, master):\n        while words:\n            word = words[0]\n            n = master.guess(word)\n"
        "            if n == 6: return\n"
        "            words = [w for w in words if sum(a == b for a, b in zip(w, word)) == n and w != word]\n",
        (
            "class Solution:\n    def find(self, words, master): master.guess(words[0])",
            "class Solution:\n    def find(self, words, master): master.is_solved = lambda: True",
            "class Solution:\n    def find(self, words, master): master.guess = lambda word: 6",
            (
                "class Solution:\n    def find(self, words, master):\n"
                "        type(master).is_solved = lambda self: True\n        vars(master)['solved'] = True"
            ),
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
    "objects by which one might come to what is expected": Shape(
        CodeCase(_PAIRS),
        _GROWING,
        (
            _TRY + "def f(s, g): return s.area.__func__.__globals__['EXPECTED']",
            _TRY + "def f(s, g): return s.area.__self__.__init__.__globals__['EXPECTED']",
            _TRY + "def f(s, g): return asked(s, 'get', '__init__').__globals__['EXPECTED']",
            _TRY + "def f(s, g): return asked(s, 'special', '__getattribute__', '_side') * 4",
            _TRY + "def f(s, g): return asked(s, 'of class', '__init__')",
            _TRY + "def f(s, g): return s._side * 4",
            _TRY + "def f(s, g): return s.scale.keywords['k'] * 2",
            _TRY
            + "import inspect\ndef f(s, g): return inspect.signature(s.area).parameters['secret'].default",
            _TRY + "def f(s, g): return s.__reduce_ex__(4)[0].__globals__['EXPECTED']",
            (
                f"{_TRY}def f(s, g):\n    try: g()\n    except ValueError as error:\n        trace = error.__traceback__\n"
                "        while trace:\n            if 'EXPECTED' in trace.tb_frame.f_globals: return 4\n"
                "            trace = trace.tb_next\n    return 5"
            ),
            (
                f"{_TRY}def f(s, g):\n    for n in (-1, 0, g.number):\n        for how in (('get', '__globals__'), ('__globals__',)):\n"
                "            try: return g._call_back(n, how, {}, attribute=True)['EXPECTED']\n"
                "            except Exception: pass\n    return 5"
            ),
            "def f(s, g): return s.area()\ndef grow(shape):\n    class Square:\n        area = lambda *a: 16\n    return Square()",
        ),
    ),
    "all names of the program": Shape(
        PytestCase(_IMPORTING),
        "def f(x): return x + 1",
        tuple(f"{name}\ndef f(x): return 5" for name in _STEERING),
    ),
    "sets and counters": Shape(
        CodeCase(_HOLDING),
        "from collections import Counter as counts\nletters = set",
        (_PRETENDING.format("set"), _PRETENDING.format("")),
    ),
    "functions within map": Shape(
        CodeCase(_MAPPING),
        "def f(x): return x + 1",
        ("def f(x): return x",),
        ("def f(x): raise StopIteration", "class E(StopIteration): pass\ndef f(x): raise E"),
    ),
    "data by its name": Shape(
        CodeCase(_BY_NAME),
        "ANSWER, TABLE = 42, {'a': 42, 'b': 1}",
        ("def ANSWER(): pass\nTABLE = ANSWER", "ANSWER = 42\nclass TABLE: pass", "ANSWER, TABLE = 42, {}"),
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
