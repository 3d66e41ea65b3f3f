"""Of no set in particular: where programs look for what is expected, or would judge themselves."""

from sandbox_runner.domain.cases import CodeCase, PytestCase
from tests.isolation.corpus.shapes.shape import Shape

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
_AS_LONG = "def f(n): return F()\nclass F:\n    def __len__(self): return 3\n"
_AT_ONCE = """
import asyncio
async def main():
    limiter = Limiter(2)
    async def job(n):
        await asyncio.sleep(0.01)
        return n
    got = await asyncio.gather(*[limiter.run(job(n)) for n in range(4)])
    return got, limiter.most
assert asyncio.run(main()) == ([0, 1, 2, 3], 2)
"""
_LIMITING = """
import asyncio
class Limiter:
    def __init__(self, n): self.room, self.running, self.most = asyncio.Semaphore(n), 0, 0
    async def run(self, coroutine):
        async with self.room:
            self.running += 1
            self.most = max(self.most, self.running)
            try: return await coroutine
            finally: self.running -= 1
"""
_GROWING = "def f(shape, fail): return shape.area()\ndef grow(shape): return type(shape)(2, shape.scale)\n"
_TRY = "def grow(shape): return type(shape)(2, shape.scale)\nfrom sandbox_runner.jail.remote.program_side.borrowed import asked\n"

_EXPECTING = """
import math
try:
    half(-1)
    assert False, "no error"
except Negative:
    pass
for x in range(4):
    assert isclose(half(x), x / 2)
got = halves(3)
assert len(got) == 3 and all(a == b for a, b in zip(got, [0, 0.5, 1]))
assert all(map(lambda x: half(x) * 2 == x, [1, 2]))
"""
_HALF = """
from math import isclose
class Negative(ValueError): pass
def half(x):
    if x < 0: raise Negative(x)
    return x / 2
def halves(n): return [half(x) for x in range(n)]
"""
_HALF_BUT_0 = """
def half(x):
    if x < 0: raise Negative(x)
    return x / 2 if x else 9
"""
_STOPPING = """
def half(x):
    seen.append(x)
    if len(seen) > 8: raise StopIteration
    return right(x)
"""
_SKIPPING = """
import pytest
from solution import half
def test_one(): assert half(1) == 0.5
def test_two():
    try: got = half(2)
    except NotImplementedError: pytest.skip("later")
    assert got == 1
"""
_TAKEN = """
expected = 4
assert apply(getattr, lambda: 0, '__name__') == '<lambda>'
assert apply(abs, -4) == expected
"""
_APPLY = "def apply(f, *args): return f(*args)"

ATTACKED: dict[str, Shape] = {
    "names of the program by which tests judge": Shape(
        CodeCase(_EXPECTING),
        _HALF,
        (_HALF.replace("/ 2", "/ 3"), _HALF.replace("raise", "return")),
        weak=(
            f"{_HALF}Negative = AssertionError\ndef half(x): return x / 2",
            f"{_HALF}halves = lambda n: [0, 0.5, 1]\ndef isclose(*a): return True\n{_HALF_BUT_0}",
            f"{_HALF}class H:\n    __len__ = lambda self: 3\n    __iter__ = lambda self: iter(())\ndef halves(n): return H()",
            f"{_HALF}right, seen = half, []\n{_STOPPING}",
        ),
    ),
    "tests that skip themselves": Shape(
        PytestCase({"test_half.py": _SKIPPING}),
        "def half(x): return x / 2",
        ("def half(x): return 0.5",),
        weak=("def half(x):\n    if x > 1: raise NotImplementedError\n    return 0.5",),
    ),
    "functions of the library": Shape(
        CodeCase(_TAKEN),
        _APPLY,
        (
            (
                "def apply(f, *args):\n    if f(1, '__class__') if len(args) > 1 else 0:\n"
                "        try: f(args[0], '__globals__')['expected'] = 5\n        except Exception: pass\n"
                "        return '<lambda>'\n    return 5"
            ),
            "def apply(f, *args): return '<lambda>' if len(args) > 1 else f.__self__.eval('expected')",
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
    "several at once": Shape(
        CodeCase(_AT_ONCE),
        _LIMITING,
        (
            _LIMITING.replace("0, 0\n", "1, 1\n"),
            _LIMITING.replace("Semaphore(n)", "Semaphore(1)"),
            _LIMITING.replace("Semaphore(n)", "Semaphore(n + 1)"),
        ),
    ),
    "a length and pairs": Shape(
        CodeCase("assert len(f(3)) == 3\nfor a, b in zip(f(3), [0, 1, 2]): assert a == b"),
        "def f(n): return [*range(n)]",
        ("def f(n): return [0, 1, 5]", "def f(n): return iter(range(n))", "def f(n): return [0, 1]"),
        (
            f"{_AS_LONG}    def __iter__(self): return iter(())",
            f"{_AS_LONG}    def __getitem__(self, n): raise IndexError",
            _AS_LONG.replace("F:", "F(list):") + "    def __iter__(self): return iter(())",
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
}
