"""Programs that would pass a test of arrays without the right one: what would be right is two fours. None may."""

_COMPARISONS = (
    "import numpy as np\nassert (f(3) == np.array([4, 4])).all()",
    "import numpy as np\nassert (np.array([4, 4]) == f(3)).all()",
    "import numpy as np\nassert np.allclose(f(3), [4, 4])",
    "import numpy as np\nassert np.array_equal(np.array([4, 4]), f(3))",
    "import numpy as np\nnp.testing.assert_array_equal(f(3), [4, 4])",
    "import numpy as np\nassert np.abs(np.array([4, 4]) - f(3)).max() < 1e-9",
    "import numpy as np\nnp.testing.assert_equal(f(3), np.array([4, 4]))",
)
_ARRAY = """
import numpy as np
class A(np.ndarray):
    __array_priority__ = 1e9
    def __array_ufunc__(self, *a, **k): return np.True_
    def __array_function__(self, *a, **k): return True
    def __eq__(self, o): return np.ones(2, bool)
    def __sub__(self, o): return np.zeros(2)
    __rsub__ = __sub__
    def all(self, *a, **k): return True
"""
_OBJECT = """
class E:
    __array_priority__ = 1e9
    def __eq__(self, o): return True
    def __sub__(self, o): return 0
    __rsub__ = __abs__ = __array_wrap__ = __sub__
    def __lt__(self, o): return True
    __le__ = __gt__ = __lt__
    def __bool__(self): return True
    def __array_ufunc__(self, *a, **k): return True
    def __array_function__(self, *a, **k): return True
    def all(self, *a, **k): return True
    max = all
"""
_INTERFACE = """
import numpy as np
class I:
    kept = np.array([4, 4])
    def __init__(self, at): self.at = at
    @property
    def __array_interface__(self):
        return {'shape': (2,), 'typestr': '<i8', 'version': 3, 'data': (self.at, False)}
    @property
    def __array_struct__(self): return self.kept.__array_struct__
    def __dlpack__(self, **k): return self.kept.__dlpack__()
"""
_TELLING = """
import numpy as np
from sandbox_runner.jail.remote import arrays, containers
def tell(*told):
    form = containers._ARRAY
    containers._ARRAY = containers._Form(form.make, lambda a, has: told, form.members, form.fill)
kept = np.array([5, 5])
def f(x): return np.array([5, 5])
"""


def _telling(code: str) -> tuple[str, tuple[str, ...]]:
    """A program that says of its array what no array says."""
    return _TELLING + code, _COMPARISONS[:1]


PRETENDERS_OF_NUMPY: dict[str, tuple[str, tuple[str, ...]]] = {
    "an array of a class that decides": (
        _ARRAY + "def f(x): return np.array([5, 5]).view(A)",
        _COMPARISONS,
    ),
    "an array without elements of that class": (
        _ARRAY + "def f(x): return np.zeros((2, 0)).view(A)",
        _COMPARISONS,
    ),
    "an object that decides": (_OBJECT + "def f(x): return E()", _COMPARISONS),
    "objects that decide": (
        "import numpy as np" + _OBJECT + "def f(x): return np.array([E(), E()], dtype=object)",
        _COMPARISONS,
    ),
    "objects in a list": (_OBJECT + "def f(x): return [E(), E()]", _COMPARISONS),
    "objects in one that makes arrays": (
        (
            _OBJECT + "class M:\n    def __array__(self, *a, **k):\n        import numpy\n"
            "        return numpy.array([E(), E()], dtype=object)\ndef f(x): return M()"
        ),
        _COMPARISONS,
    ),
    "memory by its address": (_INTERFACE + "def f(x): return I(I.kept.ctypes.data)", _COMPARISONS),
    "memory at nothing": (_INTERFACE + "def f(x): return I(0)", _COMPARISONS[2:5]),
    "all masked": (
        "import numpy as np\ndef f(x): return np.ma.array([5, 5], mask=[1, 1])",
        _COMPARISONS,
    ),
    "a number of a class that decides": (
        (
            "import numpy as np\nclass F(np.float64):\n    def __eq__(self, o): return True\n"
            "    def __sub__(self, o): return 0.0\n    __rsub__ = __sub__\n"
            "    __array_ufunc__ = lambda *a, **k: True\ndef f(x): return F(5)"
        ),
        (
            *_COMPARISONS,
            "import numpy as np\nx = f(3)\nassert (abs(x - 4) < 1e-6) is not False and np.isclose(x, 4).all()",
        ),
    ),
    "a numpy of its own": (
        (
            "import numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\n"
            "np.ndarray = np.generic = list\ndef f(x): return [5, 5]"
        ),
        _COMPARISONS,
    ),
    "a numpy that the tests do not import": (
        "class np:\n    allclose = staticmethod(lambda *a, **k: True)\nnumpy = np\ndef f(x): return [5, 5]",
        ("assert np.allclose(f(3), [4, 4])", "assert numpy.allclose(f(3), [4, 4])"),
    ),
    "an array in every iteration": (
        (
            "class D:\n    def __iter__(self): return iter([D()])\n    def __len__(self): return 1\n"
            "    def __getitem__(self, n): return D()\ndef f(x): return D()"
        ),
        _COMPARISONS[1:5],
    ),
    "an array of itself": (
        "class D:\n    def __array__(self, *a, **k): return self\ndef f(x): return D()",
        _COMPARISONS[1:5],
    ),
    "a small array that looks large": (
        "import numpy as np\ndef f(x): return np.broadcast_to(4, (10 ** 6, 10 ** 6))",
        _COMPARISONS[:3],
    ),
    "elements that are none": (
        "import numpy as np\ndef f(x): return np.zeros((0, 10 ** 12, 2))",
        _COMPARISONS[2:5],
    ),
    "told: objects": _telling("arrays.form_of = lambda a: ('|O', a.shape)"),
    "told: records": _telling("arrays.members = lambda a: ['i4,(99999999,)f8', [2], True, 'AAAA']"),
    "told: a shape of nothing": _telling("arrays.form_of = lambda a: (a.dtype.str, (0, 10 ** 18))"),
    "told: many dimensions": _telling("arrays.form_of = lambda a: (a.dtype.str, (1,) * 70)"),
    "told: fewer than none": _telling("arrays.form_of = lambda a: (a.dtype.str, (-1, -2))"),
    "told: too few bytes": _telling("arrays.members = lambda a: ['<i8', [2], True, 'BAAAAAAAAAA=']"),
    "told: no text": _telling("arrays.members = lambda a: ['<i8', [2], True, [4, 4]]"),
    "told: no truth": (
        _TELLING
        + "arrays.members = lambda a: ['|b1', [2], True, 'BAQ=']\ndef f(x): return np.array([True, True])",
        _COMPARISONS[:3],
    ),
    "told: a view of what is not told": _telling("tell('<i8', (2,), False, kept, 0, (8,))"),
    "told: a view of what is no array": _telling("tell('<i8', (2,), False, [4], 0, (8,))"),
    "told: a view of an object": _telling("tell('<i8', (2,), False, object(), -(1 << 20), (8,))"),
    "told: less than the form of an array": _telling("tell('<i8', (2,))"),
    "told: a scalar of no type": _telling(
        "arrays.written = lambda v: {'scalar': ['|O', 'AAAAAAAAAAA=']} if type(v) is np.ndarray else None"
    ),
    "told: a class that is none": _telling(
        "arrays.written = lambda v: {'numpy': ['load']} if type(v) is np.ndarray else None"
    ),
}
