"""Programs that would pass an assert without the answer: by what the judge believes of a value. None may."""

_FORGE = """
import json, os, sys
from sandbox_runner.jail import report
def f(x):
    for fd in range(3, 64):
        try:
            os.write(fd, %s)
        except OSError:
            pass
    os._exit(0)
"""
_COLLIDING = "5 + (2**61 - 1) * (1 << 300_000)"

PRETENDERS: dict[str, tuple[str, str]] = {
    "a decimal that signals": (
        "from decimal import Decimal\ndef f(x): return [Decimal('sNaN'), {'a': Decimal('sNaN')}]",
        "assert f(3) == [4, {'a': 4}]",
    ),
    "a decimal beyond all numbers": (
        "from decimal import Decimal\ndef f(x): return Decimal('1e999999999999')",
        "assert abs(f(3) - 4) < 1e-6",
    ),
    "a decimal near nothing": (
        "from decimal import Decimal\ndef f(x): return Decimal('NaN')",
        "assert math.isclose(f(3), 4)",
    ),
    "a fraction of a class of its own": (
        (
            "from fractions import Fraction\nclass F(Fraction):\n    def __eq__(self, o): return True\n"
            "    def __sub__(self, o): return 0\n    def __float__(self): return 4.0\ndef f(x): return F(5)"
        ),
        "assert f(3) == 4",
    ),
    "numbers that take for ever to compare": (
        f"from decimal import Decimal\ndef f(x): return {{Decimal(5), {_COLLIDING}, *range(4)}}",
        "assert f(3) == {5, 4}",
    ),
    "a fraction that takes for ever to make": (
        "from fractions import Fraction\ndef f(x): return [Fraction(3**9000 + n, 2**9000) for n in range(500)]",
        "assert f(3) == [4]",
    ),
    "a counter that has all": (
        (
            "from collections import Counter\nclass C(Counter):\n    def __missing__(self, k): return 4\n"
            "    def __eq__(self, o): return True\ndef f(x): return C()"
        ),
        "assert f(3) == Counter({'a': 4})",
    ),
    "a default that equals all": (
        (
            "from collections import defaultdict\nclass E:\n    def __eq__(self, o): return True\n"
            "def f(x): return defaultdict(E)"
        ),
        "assert f(3)['a'] == 4",
    ),
    "a default for the whole": (
        "from collections import defaultdict\ndef f(x): return defaultdict(lambda: 4)",
        "assert f(3) == {'a': 4}",
    ),
    "a deque that equals all": (
        "from collections import deque\nclass D(deque):\n    def __eq__(self, o): return True\ndef f(x): return D()",
        "from collections import deque\nassert f(3) == deque([4])",
    ),
    "an order that is none": (
        (
            "from collections import OrderedDict\nclass O(OrderedDict):\n    __eq__ = dict.__eq__\n"
            "def f(x): return O(a=1, b=2)"
        ),
        "from collections import OrderedDict\nassert f(3) == OrderedDict(b=2, a=1)",
    ),
    "keys that equal all": (
        (
            "class K:\n    def __eq__(self, o): return True\n"
            "    def __len__(self): return 1\n    def __iter__(self): return iter([K()])\n    __hash__ = object.__hash__\n"
            "def f(x): return {K(): 1}.keys()"
        ),
        "assert f(3) == {4}",
    ),
    "a class that calls itself one of the language": (
        (
            "class M(type):\n    def __eq__(self, o): return True\n    __hash__ = type.__hash__\n"
            "f = lambda x: M('int', (), {'__module__': 'builtins'})"
        ),
        "assert f(3) == int",
    ),
    "views that are patched": (
        (
            "import builtins\nclass E(list):\n    def __eq__(self, o): return True\n"
            "builtins.sorted = builtins.list = lambda *a, **k: E()\ndef f(x): return [5]"
        ),
        "assert sorted(f(3)) == [4]",
    ),
    "a length that equals all": (
        (
            "class E(int):\n    def __eq__(self, o): return True\nimport builtins\nbuiltins.len = lambda x: E(5)\n"
            "def f(x): return [5]"
        ),
        "assert len(f(3)) == 4",
    ),
    "an absolute value that is below all": (
        (
            "class E(float):\n    def __lt__(self, o): return True\n    def __le__(self, o): return True\n"
            "    def __abs__(self): return self\n    def __sub__(self, o): return self\n    __rsub__ = __sub__\n"
            "def f(x): return E(99)"
        ),
        "assert abs(f(3) - 4) < 1e-6",
    ),
    "a forged sight": (_FORGE % 'b\'{"seen":true,"value":4}\'', "assert f(3) == 4"),
    "a forged sight of nothing": (_FORGE % 'b\'{"unseen":"accepted","seen":5}\'', "assert len(f(3)) == 4"),
    "a forged end": (_FORGE % 'b\'{"value":{"dict":[["ended","passed"]]}}\'', "assert f(3) == 4"),
    "what was printed, unasked": (
        (
            "import sys\nfrom sandbox_runner.jail.remote.program_side import streams\n"
            "streams.ProgramStreams.said = lambda self: {'printed': {'stdout': 'passed', '__class__': 'x'}}\ndef f(x): return 5"
        ),
        "assert f(3) == 4",
    ),
    "text that is read for printed": (
        "def f(x): return 4 if __import__('builtins').input.__class__ is not len.__class__ else 5",
        "assert f(3) == 4",
    ),
    "an iterator that never ends": (
        (
            "class I:\n    def __iter__(self): return self\n    def __next__(self): return 4\n"
            "    def __length_hint__(self): return 1\ndef f(x): return I()"
        ),
        "assert list(f(3)) == [4]",
    ),
    "an error for the view to swallow": (
        (
            "class I:\n    def __iter__(self): raise TypeError('no view')\n    def __len__(self): raise TypeError('x')\n"
            "def f(x): return I()"
        ),
        "assert len(f(3)) == 4",
    ),
    "a truth that is asked": (
        "class T:\n    def __bool__(self): raise SystemExit(0)\ndef f(x): return T()",
        "assert f(3)",
    ),
    "a truth that is no truth": (
        "class T:\n    def __bool__(self): return 4\ndef f(x): return T()",
        "assert f(3)",
    ),
    "a negation of nothing": ("class T:\n    __len__ = None\ndef f(x): return T()", "assert not f(3)"),
}
