"""Programs that meet their tests over a socket: honest ones, and ones that would rather be judged right."""

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.corpus.grader import FIND, SEARCHES

_WRONG, _NONE, _ERROR = Outcome.WRONG_ANSWER, Outcome.NO_RESULT, Outcome.RUNTIME_ERROR
_LATE, _MEMORY, _FORBIDDEN = Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT, Outcome.FORBIDDEN_SYSCALL

_STACK = """
class Empty(Exception): pass
class Stack:
    def __init__(self, *items): self.items = list(items); self.pushed = 0
    def push(self, item): self.items.append(item); self.pushed += 1; return self
    def pop(self):
        if not self.items: raise Empty('nothing to pop')
        return self.items.pop()
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __getitem__(self, index): return self.items[index]
    def __enter__(self): return self
    def __exit__(self, *error): self.items.clear()
    @property
    def top(self): return self.items[-1]
    @classmethod
    def of(cls, items): return cls(*items)
"""
HONESTIES = {
    "HumanEval's check": (
        "def add(a, b=1):\n    return a + b\n",
        (
            "METADATA = {'author': 'x'}\ndef check(candidate):\n    assert candidate(3) == 4\n"
            "    assert candidate(a=1, b=2) == 3\n    assert abs(candidate(0.1, 0.2) - 0.3) < 1e-9\n"
        ),
        "add",
    ),
    "several statements": (
        "def squares(n): return [k * k for k in range(n)]\n",
        (
            "import math\nfor n in range(5):\n    got = squares(n)\n    assert len(got) == n\n"
            "    assert math.isclose(sum(got), sum(k ** 2 for k in range(n)))\nassert squares(3)[-1] == 4\n"
        ),
        None,
    ),
    "a class with state": (
        _STACK,
        (
            "s = Stack(1)\ns.push(2).push(3)\nassert s.top == 3 and len(s) == 3 and s.pushed == 2\n"
            "assert list(s) == [1, 2, 3] and s[0] == 1\nassert s.pop() == 3 and s.pop() == 2\n"
            "assert Stack.of([7, 8]).items == [7, 8]\nassert isinstance(s, Stack)\n"
        ),
        None,
    ),
    "an exception that is expected": (
        _STACK,
        (
            "try:\n    Stack().pop()\nexcept Empty as error:\n    assert 'nothing' in str(error)\n"
            "else:\n    raise AssertionError('nothing raised')\n"
            "try:\n    Stack()[0]\n    assert False\nexcept IndexError: pass\n"
        ),
        None,
    ),
    "an argument that is changed": (
        "def sort(a): a.sort()\ndef drain(d, s): d.clear(); s.add(9)\n",
        (
            "a = [3, 1, 2]\nassert sort(a) is None and a == [1, 2, 3]\n"
            "d, s = {1: 2}, {1}\ndrain(d, s)\nassert d == {} and s == {1, 9}\n"
        ),
        None,
    ),
    "an argument that is kept and returned": (
        "class Box:\n    def __init__(self, a): self.a = a\n    def put(self, x): self.a.append(x); return self.a\n",
        "a = [1]\nbox = Box(a)\na.append(2)\nassert box.put(3) is a and box.a == a == [1, 2, 3]\n",
        None,
    ),
    "an asynchronous generator": (
        "import asyncio\nasync def count(n):\n    for k in range(n):\n        await asyncio.sleep(0)\n        yield k\n",
        "import asyncio\nasync def main(): return [k async for k in count(3)]\nassert asyncio.run(main()) == [0, 1, 2]\n",
        None,
    ),
    "a callback": (
        "def apply(f, xs): return [f(x) for x in xs]\n",
        "seen = []\nassert apply(lambda x: seen.append(x) or x * 2, [1, 2]) == [2, 4]\nassert seen == [1, 2]\n",
        None,
    ),
    "a generator": (
        "def count(n):\n    while True:\n        yield n\n        n += 1\n",
        "import itertools\nassert list(itertools.islice(count(3), 3)) == [3, 4, 5]\ng = count(0)\nassert next(g) == 0\n",
        None,
    ),
    "a method of Solution": (
        "class Solution:\n    def twoSum(self, nums, target):\n        return [0, 1]\n",
        "assert Solution().twoSum([2, 7], target=9) == [0, 1]\n",
        None,
    ),
    "a function of the library": (
        "from math import gcd, comb as choose\n",
        "a, b = gcd(12, 18), choose(4, 2)\nassert a == b == 6\n",
        None,
    ),
    "values of the library": (
        "import datetime\ndef later(day, n): return day + datetime.timedelta(n)\ndef r(n): return range(n)\n",
        "from datetime import date\nassert later(date(2024, 2, 28), 2) == date(2024, 3, 1)\nassert r(3) == range(3)\n",
        None,
    ),
    "plain data of every kind": (
        "def same(x): return x\n",
        (
            "for x in [1, 2.5, 'é', b'x', None, True, (1, (2,)), {1: 'a'}, {1, 2}, frozenset({3}), 1j, 10 ** 50, []]:\n"
            "    assert same(x) == x and type(same(x)) is type(x)\n"
        ),
        None,
    ),
}

_ADD = "def add(a, b=1):\n    if a is None: raise ValueError('no number')\n    return a + b\n"
PYTEST_HONESTIES = {
    "several tests and a class": (
        _ADD,
        {
            "test_add.py": "import solution\nfrom solution import add\ndef test_one(): assert add(1) == 2\n"
            "class TestMore:\n    def test_two(self): assert solution.add(1, b=2) == 3\n"
        },
    ),
    "what is printed and read": (
        (
            "import sys\ndef greet():\n    print('Hi', input('name? '))\n    print('bye', file=sys.stderr)\n"
            "    return [line.strip() for line in sys.stdin]\n"
        ),
        {
            "test_greet.py": "import io, sys\nfrom solution import greet\n"
            "def test_read(monkeypatch, capsys):\n    monkeypatch.setattr('sys.stdin', io.StringIO('Ann\\na\\nb'))\n"
            "    assert greet() == ['a', 'b']\n    assert capsys.readouterr() == ('name? Hi Ann\\n', 'bye\\n')\n"
            "    assert sys.stdin.read() == ''\n"
            "def test_patched(monkeypatch, capsys):\n    asked = []\n"
            "    monkeypatch.setattr('builtins.input', lambda text: asked.append(text) or 'Bo')\n"
            "    monkeypatch.setattr('sys.stdin', io.StringIO())\n"
            "    assert greet() == []\n    assert capsys.readouterr().out == 'Hi Bo\\n'\n    assert asked == ['name? ']\n"
        },
    ),
    "parametrize": (
        _ADD,
        {
            "test_add.py": "import pytest\nfrom solution import *\n"
            "@pytest.mark.parametrize('a, b, c', [(1, 2, 3), (0, 0, 0), (-1, 1, 0)])\n"
            "def test_sum(a, b, c): assert add(a, b) == c\n"
        },
    ),
    "raises, approx and fixtures": (
        _ADD,
        {
            "test_add.py": "import pytest\nfrom solution import add\n"
            "@pytest.fixture\ndef three(): return 3\n"
            "def test_raises():\n    with pytest.raises(ValueError, match='no number'): add(None)\n"
            "def test_close(three): assert add(0.1, three) == pytest.approx(3.1)\n"
        },
    ),
    "an exception of its own": (
        _STACK,
        {
            "test_stack.py": "import pytest\nfrom solution import Empty, Stack\n"
            "def test_empty():\n    with pytest.raises(Empty): Stack().pop()\n"
        },
    ),
    "two files and a conftest": (
        _ADD,
        {
            "conftest.py": "import pytest\n@pytest.fixture\ndef seven(): return 7\n",
            "test_a.py": "from solution import add\ndef test_a(seven): assert add(seven) == 8\n",
            "test_b.py": "from solution import add\ndef test_b(): assert add(1, 1) == 2\n",
        },
    ),
}

_FRAME = """
import json, os, struct, socket
def frame(message):
    content = message if isinstance(message, bytes) else json.dumps(message).encode()
    return struct.pack('>I', len(content)) + content
def sockets():
    import stat
    found = []
    for fd in range(64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode): found.append(fd)
        except OSError: pass
    return found
def tell(content):
    for fd in sockets():
        try:
            while content: content = content[os.write(fd, content):]
        except OSError: pass
"""
_EQUALS = """
class E:
    def __eq__(self, o): return True
    def __ne__(self, o): return False
    def __bool__(self): return True
    def __len__(self): return 4
    def __contains__(self, o): return True
    def __add__(self, o): return self
    __radd__ = __sub__ = __rsub__ = __add__
    def __lt__(self, o): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __hash__(self): return hash(4)
    def __instancecheck__(self, o): return True
"""


def _in_f(code: str) -> str:
    body = code.replace("\n", "\n    ")
    return f"{_FRAME}def f(x):\n    {body}\n"


_ANSWERS = "[{'answer': n, 'value': 4, 'states': [], 'dropped': []} for n in range(1, 60)]"
_SERVANT = "from sandbox_runner.jail.remote.program_side import servant\nservant._Servant."
_ENDS = frozenset({_WRONG, _NONE, _ERROR})

CHEATS: dict[str, tuple[str, frozenset[Outcome]]] = {
    "sys.exit": ("import sys\ndef f(x): sys.exit(0)", _ENDS),
    "sys.exit at import": ("import sys\nsys.exit(0)", _ENDS),
    "os._exit": ("import os\ndef f(x): os._exit(0)", _ENDS),
    "os._exit at import": ("import os\nos._exit(0)", _ENDS),
    "an exit of the answer": ("def f(x): raise SystemExit(4)", _ENDS),
    "a kill": ("import os\ndef f(x): os.kill(os.getpid(), 9)", _ENDS),
    "an object that equals all": (f"{_EQUALS}def f(x): return E()", _ENDS),
    "an int that equals all": (
        f"{_EQUALS}class I(int):\n    __eq__ = E.__eq__\ndef f(x): return I(5)",
        _ENDS,
    ),
    "an object whose class lies": (
        "class E:\n    __class__ = int\n    def __index__(self): return 4\ndef f(x): return E()",
        _ENDS,
    ),
    "a class for the function": (f"{_EQUALS}f = E\nE.__init__ = lambda *a: None", _ENDS),
    "a class named as the function": (f"{_EQUALS}    def __init__(*a): pass\nf = E\nE.__name__ = 'f'", _ENDS),
    "an exception for the function": ("class f(Exception):\n    def __eq__(self, o): return True", _ENDS),
    "an exception of the language for the function": ("f = ValueError", _ENDS),
    "frame walking": (
        (
            "import sys\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n"
            "        for key in list(frame.f_locals): frame.f_locals[key] = 4\n"
            "        frame.f_globals['got'] = 4\n        frame = frame.f_back\n    return 5"
        ),
        _ENDS,
    ),
    "patched builtins": (
        (
            "import builtins\nbuiltins.AssertionError = builtins.Exception = SystemExit\n"
            "builtins.isinstance = lambda *a: True\nbuiltins.bool = lambda *a: True\ndef f(x): return 5"
        ),
        _ENDS,
    ),
    "a pytest of its own": (
        (
            "import sys, types\nfake = types.ModuleType('pytest')\nfake.raises = fake.main = lambda *a, **k: 0\n"
            "for name in ('pytest', '_pytest', 'conftest', 'solution', 'tests'): sys.modules[name] = fake\ndef f(x): return 5"
        ),
        _ENDS,
    ),
    "names that pytest looks for": (
        (
            "pytest_plugins = ['x']\ndef pytest_runtest_makereport(item, call): call.excinfo = None\n"
            "def pytest_configure(config): raise SystemExit(0)\n__test__ = False\n__builtins__ = {}\n"
            "def test_f(): pass\ndef setup_module(m): m.test_f = lambda: None\ndef f(x): return 5"
        ),
        _ENDS,
    ),
    "an exception that is none": (
        "class Skipped(Exception):\n    __module__ = '_pytest.outcomes'\ndef f(x): raise Skipped('skip me')",
        _ENDS,
    ),
    "unittest's skip": ("import unittest\ndef f(x): raise unittest.SkipTest('skip me')", _ENDS),
    "forged answers before they are asked": (
        f"{_FRAME}tell(b''.join(map(frame, {_ANSWERS})))\ndef f(x): return 5",
        _ENDS,
    ),
    "forged answers from a function": (_in_f(f"tell(b''.join(map(frame, {_ANSWERS})))\nreturn 5"), _ENDS),
    "answers out of order": (
        _in_f(
            "tell(b''.join(frame({'answer': n, 'value': 4, 'states': [], 'dropped': []}) for n in range(60, 0, -1)))\nreturn 5"
        ),
        _ENDS,
    ),
    "a verdict on the socket": (
        _in_f("tell(frame({'ended': 'passed', 'value': {'ended': 'passed'}, 'answer': 2}))\nreturn 5"),
        _ENDS,
    ),
    "a verdict in the report": (
        _in_f('os.write(3, b\'{"value":{"dict":[["ended","passed"]]}}\')\nos._exit(0)'),
        _ENDS,
    ),
    "a verdict on every descriptor": (
        _in_f(
            'for fd in range(3, 64):\n    try: os.write(fd, b\'{"value":{"dict":[["ended","passed"]]}}\')\n    except OSError: pass\nreturn 5'
        ),
        _ENDS,
    ),
    "an exit of a class of its own": (
        "class E(SystemExit):\n    def __eq__(self, o): return True\ndef f(x): raise E(0)",
        _ENDS,
    ),
    "a hash that changes": (
        f"{_EQUALS}n = [3]\ndef h(self): n[0] += 1; return n[0]\nE.__hash__ = h\ndef f(x): return E()",
        _ENDS,
    ),
    "warnings and logs that are none": (
        f"{_SERVANT}_warned = lambda self: {{'warned': [{{'raised': 1}}], 'logged': [[1]]}}\ndef f(x): return 5",
        _ENDS,
    ),
    "an exception told as the tests' own": (
        (
            f"{_SERVANT}_describe = lambda self, e: {{'class': {{'yours': 0}}, 'args': [4], 'attributes': {{}}, "
            "'text': '', 'line': 1, 'source': '', 'raised': 1, 'object': 2}\ndef f(x): raise ValueError"
        ),
        _ENDS,
    ),
    "a closed socket": (_in_f("for fd in sockets(): os.close(fd)\nreturn 4"), _ENDS),
    "a socket closed at import": (f"{_FRAME}for fd in sockets(): os.close(fd)\ndef f(x): return 4", _ENDS),
    "a socket that was shut": (
        _in_f("for fd in sockets(): socket.socket(fileno=fd).shutdown(2)\nreturn 4"),
        _ENDS,
    ),
    "half a frame": (_in_f("tell(b'\\0\\0\\1')\nos._exit(0)"), _ENDS),
    "no JSON": (_in_f("tell(frame(b'\\xff\\xfe{{{'))\nreturn 4"), _ENDS),
    "deep JSON": (_in_f("tell(frame(b'[' * 1_000_000))\nreturn 4"), _ENDS),
    "a frame of four gigabytes": (_in_f("tell(b'\\xff' * 4 + b'x' * 1_000_000)\nreturn 4"), _ENDS),
    "a callback for ever": (
        _in_f("tell(frame({'callback': 0, 'args': [], 'kwargs': {}}) * 1000)\nreturn 4"),
        _ENDS,
    ),
    "never answering": (_in_f("import time\ntime.sleep(60)\nreturn 4"), frozenset({_LATE})),
    "never answering, busily": (_in_f("while True: pass"), frozenset({_LATE})),
    "never importing": ("import time\ntime.sleep(60)\ndef f(x): return 4", frozenset({_LATE})),
    "an endless iterator": (_in_f("def g():\n    while True: yield 4\nreturn g()"), _ENDS),
    "a flood": (
        _in_f("while sockets(): tell(frame({'answer': 0}) * 10_000); sockets() or os._exit(0)"),
        _ENDS | {_LATE},
    ),
    "a huge answer": (_in_f("return 'x' * (15 << 20)"), _ENDS | {_MEMORY, _LATE}),
    "a larger one": (_in_f("return 'x' * (40 << 20)"), _ENDS | {_MEMORY, _LATE}),
    "an answer of many parts": (_in_f("return [[n] for n in range(1_000_000)]"), _ENDS | {_MEMORY, _LATE}),
    "keys of one hash": (_in_f("return {n * (2**61 - 1) for n in range(3_000)}"), _ENDS | {_MEMORY, _LATE}),
    "many objects": (_in_f("class A: pass\nreturn [A() for _ in range(200_000)]"), _ENDS | {_MEMORY, _LATE}),
    "a list that holds itself": (_in_f("a = []\na.append(a)\nreturn a"), _ENDS),
}

SPIES = {
    where: f"import ctypes, os, sys\nlibc = ctypes.CDLL(None)\ndef f(x):\n    {code}{FIND}"
    for where, code in SEARCHES.items()
}
