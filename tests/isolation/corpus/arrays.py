"""Programs that use numpy, each with tests: a verdict on each is what CPython says in one process.

Nothing here says which way it ends. A test stands alone and imports what it uses, unless it says otherwise.
"""

_NP = "import numpy as np\n"

ARRAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "an array": (
        _NP + "def f(x): return np.array(x) * 2",
        (
            "assert (f([1, 2]) == [2, 4]).all()",
            "assert (f([1, 2]) == np.array([2, 5])).all()",
            "assert (np.array([2, 4]) == f([1, 2])).all()",
            "assert np.array_equal(f([1, 2]), [2, 4])",
            "assert np.array_equal(f([1, 2]), [[2, 4]])",
            "np.testing.assert_array_equal(f([[1, 2]]), [[2, 4]])",
            "np.testing.assert_array_equal(f([1, 2]), [2, 5])",
            "np.testing.assert_allclose(f([0.1]), [0.2 + 1e-12])",
            "np.testing.assert_allclose(f([0.1]), [0.3])",
            "assert np.allclose(f([0.1, 0.2]), [0.2, 0.4])",
            "assert np.allclose(f([0.1, 0.2]), [0.2, 0.5])",
            "assert f([1, 2]) == [2, 4]",
            "assert f([3]) == 6",
            "assert f(3) == 6",
            "assert f([1, 2]).tolist() == [2, 4] and list(f([1, 2])) == [2, 4] and sum(f([1, 2])) == 6",
            "assert f([1, 2]).shape == (2,) and f([[1, 2]]).ndim == 2 and len(f([1])) == 1",
            "assert f([1, 2]).shape == (2, 1)",
            "assert f([1]).dtype == np.int64 and f([0.5]).dtype == float",
            "assert f([0.5]).dtype == np.int64",
            "assert isinstance(f([1]), np.ndarray) and type(f([1])) is np.ndarray",
            "assert isinstance(f([1]), list)",
            "assert 4 in f([1, 2])",
            "assert 5 in f([1, 2])",
            "assert f(np.array([1, 2]))[1] == 4",
            "assert str(f([1, 2])) == '[2 4]' and repr(f([1, 2])) == 'array([2, 4])'",
            "assert (f([1, 2]) > 1).all() and (1 < f([1, 2])).sum() == 2",
            "assert np.array_equal(f([np.nan]), [np.nan])",
            "assert np.array_equal(f([np.nan]), [np.nan], equal_nan=True)",
            "np.testing.assert_array_equal(f([np.nan, 1]), [np.nan, 3])",
            "assert str(f([-0.0])[0]) == '-0.0'",
            "assert f([2 ** 62])[0] == 2 ** 63",
            "x = f([1, 2])\nx += 1\nassert x.tolist() == [3, 5]",
            "assert (f([[1, 2], [3, 4]]) @ np.eye(2)).T.tolist() == [[2, 6], [4, 8]]",
            "np.testing.assert_equal(f([1]), np.array([2]))",
            "np.testing.assert_almost_equal(f([1.0]), [2.1])",
        ),
    ),
    "a float": (
        _NP + "def f(x): return np.mean(x)",
        (
            "assert f([1, 2]) == 1.5 and isinstance(f([1]), float) and isinstance(f([1]), np.floating)",
            "assert type(f([1])) is float",
            "assert f([1]).dtype == np.float64 and f([1]).shape == ()",
            "assert np.isclose(f([0.1, 0.2]), 0.15) and abs(f([0.1, 0.2]) - 0.15) < 1e-9",
            "assert np.isclose(f([0.1, 0.2]), 0.16)",
            "assert f([1]) / 0 == np.inf",
            "assert repr(f([1])) == 'np.float64(1.0)'",
            "import math\nassert math.isclose(f([1, 2]), 1.5)",
        ),
    ),
    "a truth": (
        _NP + "def f(x): return np.max(x) > 3",
        (
            "assert f([4])",
            "assert not f([4])",
            "assert f([4]) == True and f([4]) is np.True_",
            "assert f([4]) is True",
        ),
    ),
    "an index": (
        _NP + "def f(x): return np.argmax(x)",
        (
            "assert f([1, 3]) == 1 and [5, 6][f([1, 3])] == 6 and {f([1, 3]): 2} == {1: 2}",
            "assert isinstance(f([1]), int)",
            "assert type(f([1])) is np.int64 and isinstance(f([1]), np.integer)",
            "import json\nassert json.dumps(f([1])) == '0'",
        ),
    ),
    "changed in place": (
        _NP + "def f(a): a[a < 0] = 0",
        (
            "a = np.array([-1, 2])\nassert f(a) is None and a.tolist() == [0, 2]",
            "a = np.array([-1, 2])\nf(a)\nassert a[0] == -1",
            "a = np.array([[-1, 2], [3, -4]])\nf(a[1])\nassert a.tolist() == [[-1, 2], [3, 0]]",
            "a = np.array([-1.0])\nb = a.copy()\nf(a)\nassert (a[0], b[0]) == (0, -1)",
            "a = np.array([-1, 1])\nv = a[::-1]\nf(v)\nassert a[0] == 0 and v[1] == 0",
            "a = np.array([-1])\nv = a.view()\nf(a)\nassert v[0] == -1",
            "a = [np.array([-1])]\nf(a[0])\nassert a[0][0] == 0",
            "a = np.array([-1])\na.flags.writeable = False\ntry: f(a)\nexcept ValueError: pass\nelse: assert False",
            "a = np.array([[-1, 2], [3, -4]], order='F')\nf(a.T)\nassert (a >= 0).all() and a.flags.f_contiguous",
        ),
    ),
    "returned without a copy": (
        _NP + "def f(a):\n    a.sort()\n    return a",
        (
            "a = np.array([2, 1])\nassert f(a) is a",
            "a = np.array([2, 1])\nassert f(a) is not a",
            "a = np.array([2, 1])\nb = f(a)\nassert a.tolist() == [2, 1]",
            "a = np.array([2, 1])\nb = f(a)\nb[0] = 9\nassert a[0] == 9 and f(a).tolist() == [2, 9]",
        ),
    ),
    "a view": (
        _NP + "def f(a): return a[::-1]",
        (
            "a = np.array([1, 2, 3])\nb = f(a)\nb[0] = 9\nassert a[2] == 9",
            "a = np.array([1, 2, 3])\nb = f(a)\nb[0] = 9\nassert a[2] == 3",
            "a = np.array([1, 2, 3])\nb = f(a)\na[0] = 7\nassert b[2] == 7 and f(b).tolist() == [7, 2, 3]",
            "a = np.array([1, 2, 3])\nassert np.shares_memory(a, f(a)) and f(a).base is a",
            "a = np.array([[1, 2], [3, 4]], 'f4').T\nb = f(a)\nb[0, 0] = 9\nassert a[1, 0] == 9",
        ),
    ),
    "a view by a method": (
        _NP + "def f(a): return a.reshape(2, -1).T",
        (
            "a = np.arange(6)\nb = f(a)\nb[0, 1] = 9\nassert a[3] == 9 and b.shape == (3, 2)",
            "a = np.arange(6)\nassert not np.shares_memory(a, f(a))",
        ),
    ),
    "a shape that is set": (
        _NP + "def f(a):\n    a.shape = (2, -1)\n    return a",
        (
            "assert f(np.arange(6)).shape == (2, 3)",
            "a = np.arange(6)\nassert f(a)[1].tolist() == [3, 4, 5]",
        ),
    ),
    "a copy": (
        _NP + "def f(a): return a.copy()",
        (
            "a = np.array([1, 2])\nb = f(a)\nb[0] = 9\nassert a[0] == 1",
            "a = np.array([1, 2])\nassert np.shares_memory(a, f(a))",
        ),
    ),
    "a state": (
        (
            _NP + "class Board:\n    def __init__(self): self.grid = np.zeros((2, 2), int)\n"
            "    def put(self, r, c, v): self.grid[r, c] = v; return self.grid\n"
            "    def total(self): return self.grid.sum()\n    def row(self, r): return self.grid[r]\n"
        ),
        (
            "b = Board()\ng = b.grid\nb.put(0, 0, 5)\nassert g[0, 0] == 5",
            "b = Board()\nb.grid[1, 1] = 3\nassert b.total() == 3 and b.put(0, 0, 1) is b.grid",
            "b = Board()\ng = b.grid\nr = b.row(0)\nr[1] = 4\nassert g[0, 1] == 4 and b.total() == 4",
            "b = Board()\nr = b.row(0)\nr[1] = 4\nassert b.total() == 0",
        ),
    ),
    "every type": (
        _NP + "def f(kind): return np.array([1, 0], kind)",
        (
            (
                "kinds = ['?', 'i1', '<i2', '>i4', 'u8', 'f2', '>f4', 'c8', 'c16', 'S3', 'U2', 'M8[D]', 'm8[25s]']\n"
                "for kind in kinds:\n    a, b = f(kind), np.array([1, 0], kind)\n"
                "    assert a.dtype == b.dtype and a.tobytes() == b.tobytes() and (a == b).all()\n"
                "    assert type(a[0]) is type(b[0]) and f(kind)[1] == b[1]"
            ),
            "assert f('>i4').dtype.str == '<i4'",
            "assert f(np.float32).dtype == np.float32 and f(np.dtype('i2')).dtype.itemsize == 2",
            "assert f('M8[D]')[0] == np.datetime64('1970-01-02') and f('M8[D]')[0].astype(int) == 1",
            "assert f(int).dtype is f(np.int64).dtype",
            "assert f('U2').tolist() == ['1', '0'] and f('S2')[0] == b'1'",
            "assert f('U2').tolist() == [1, 0]",
        ),
    ),
    "every shape": (
        _NP + "def f(*shape): return np.ones(shape)",
        (
            "assert f().shape == () and f() == 1 and float(f()) == 1.0",
            "assert f(0).size == 0 and f(2, 0, 3).shape == (2, 0, 3)",
            "assert (f(2, 3).sum(axis=0) == [2, 2, 2]).all() and f(1, 1, 1).item() == 1.0",
            "assert f(3).shape == (3, 1)",
            "assert f(300, 300).sum() == 90_000",
            "assert f(1000, 2000).shape == (1000, 2000) and f(1000, 2000).sum() == 2_000_000",
        ),
    ),
    "a matrix": (
        _NP + "def f(): return np.matrix([[1, 2], [3, 4]])",
        (
            "assert np.allclose(f(), [[1, 2], [3, 4]]) and isinstance(f(), np.ndarray)",
            "assert np.array_equal(f(), [[1, 2], [3, 5]])",
            "assert (f() == np.array([[1, 2], [3, 4]])).all() and f().tolist() == [[1, 2], [3, 4]]",
            "assert (np.array([[1, 2], [3, 5]]) == f()).all()",
            "assert abs(f() - 1).sum() == 6",
        ),
    ),
    "objects": (
        _NP + "def f(): return np.array([1, 'a', None], dtype=object)",
        (
            "assert (f() == np.array([1, 'a', None], dtype=object)).all()",
            "assert (f() == np.array([1, 'b', None], dtype=object)).all()",
            "assert f().tolist() == [1, 'a', None] and f()[1] == 'a' and f().shape == (3,)",
            "assert np.array_equal(f(), np.array([1, 'a', 2], dtype=object))",
        ),
    ),
    "records": (
        _NP + "def f(): return np.array([(1, 2.0)], dtype=[('a', int), ('b', float)])",
        ("assert f()['a'][0] == 1 and f()['b'].tolist() == [2.0]", "assert f()['b'][0] == 1"),
    ),
    "what can be made an array": (
        (
            _NP + "class V:\n    def __array__(self, dtype=None, copy=None): return np.array([1, 2])\n"
            "class L(list): pass\ndef f(): return V()\ndef g(): return L([1, 2])"
        ),
        (
            "assert np.allclose(f(), [1, 2]) and np.array_equal(g(), [1, 2]) and (g() == np.array([1, 2])).all()",
            "assert np.allclose(f(), [1, 3])",
            "assert (np.array([1, 3]) == g()).all()",
        ),
    ),
    "errors": (
        _NP + "def f(a): return np.linalg.inv(a)\ndef g(a, b): return np.add(a, b)",
        (
            "try: f(np.zeros((2, 2)))\nexcept np.linalg.LinAlgError as e: assert 'Singular' in str(e)\nelse: assert 0",
            "try: g(np.ones(2), np.ones(3))\nexcept ValueError: pass\nelse: assert 0",
            "try: f(np.zeros((2, 2)))\nexcept np.exceptions.AxisError: pass",
            "assert np.allclose(f(np.eye(2) * 2), np.eye(2) / 2)",
        ),
    ),
    "arrays in others": (
        _NP + "def f(x): return {'mean': np.mean(x), 'all': [np.array(x), np.eye(2)]}, np.unique(x)",
        (
            "d, u = f([1, 2])\nassert d['mean'] == 1.5 and (d['all'][1] == np.eye(2)).all() and u.tolist() == [1, 2]",
            "d, u = f([1, 1])\nassert u.tolist() == [1, 1]",
            "d, u = f([1, 2])\nd['all'].append(u)\nassert d['all'][2] is u",
        ),
    ),
    "a callback": (
        _NP + "def f(g, x): return g(np.array(x))",
        (
            "assert f(np.sin, [0.0]).tolist() == [0.0] and f(lambda a: a * 2, [1]).tolist() == [2]",
            "seen = []\nf(seen.append, [1, 2])\nassert seen[0].tolist() == [1, 3]",
        ),
    ),
}

UNIMPORTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "names of the program": (
        (
            "import numpy as np, numpy.linalg as la\nfrom numpy import linalg, array\n"
            "def f(x): return np.array(x) * 2"
        ),
        (
            "assert np.allclose(f([1]), [2]) and la.norm(f([1])) == 2 == linalg.norm(f([1])) == array([2])[0]",
            "assert np.allclose(f([1]), [3])",
        ),
    ),
}
"""Tests that use what the program imported."""
