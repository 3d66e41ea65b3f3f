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
_GROWING = "def f(shape, fail): return shape.area()\ndef grow(shape): return type(shape)(2, shape.scale)\n"
_TRY = "def grow(shape): return type(shape)(2, shape.scale)\nfrom sandbox_runner.jail.remote.program_side.borrowed import asked\n"

ATTACKED: dict[str, Shape] = {
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
}
