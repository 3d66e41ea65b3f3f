"""What a function answers, and the manners in which tests ask for it."""

from tests.isolation.corpus.assertions import Case
from tests.isolation.corpus.problems.posed import posed

ANSWERS: dict[str, Case] = {
    **posed(
        "close numbers",
        "import math\ndef check(candidate):\n    assert math.isclose(candidate([1, 2, 4]), 7 / 3, rel_tol=1e-6)\n"
        "    assert abs(candidate([1.0]) - 1) < 1e-6\n    assert candidate([2, 2]) == 2\ncheck(f)",
        "def f(n): return sum(n) / len(n)",
        "def f(n): return sum(n) // len(n)",
        "from fractions import Fraction\ndef f(n): return Fraction(sum(n), len(n))",
        "from decimal import Decimal\ndef f(n): return Decimal(sum(n)) / len(n)",
        "import statistics\nf = statistics.mean",
        "def f(n): return str(sum(n) / len(n))",
        "class F:\n    def __call__(self, n): return sum(n) / len(n)\nf = F()",
        "f = lambda n: complex(sum(n) / len(n))",
    ),
    **posed(
        "metadata and a check",
        "METADATA = {'author': 'x'}\n\ndef check(candidate):\n    '''doc'''\n    assert True, 'This prints if wrong'\n"
        "    assert candidate('abc') == 'cba', 'a'\n    assert candidate('') == ''\n    assert True\n\ncheck(f)\n",
        "def f(s): return s[::-1]",
        "def f(s): return s",
        "def f(s): return ''.join(reversed(s))",
        "def f(s): return reversed(s)",
        "class S(str): pass\ndef f(s): return S(s[::-1])",
    ),
    **posed(
        "a loop over cases",
        "cases = [((1, 2), 3), ((0, 0), 0), ((-1, 1), 0)]\nfor args, want in cases:\n    got = f(*args)\n"
        "    assert got == want, f'{args}: {got} != {want}'",
        "def f(a, b): return a + b",
        "def f(a, b): return a - b",
        "def f(a, b): return a if b else b",
        "def f(*a): return sum(a)",
    ),
    **posed(
        "an exception that is wanted",
        "try:\n    f(-1)\n    assert False, 'no error'\nexcept ValueError as error:\n    assert 'negative' in str(error)\n"
        "assert f(4) == 2",
        "def f(n):\n    if n < 0: raise ValueError('negative number')\n    return n ** 0.5",
        "def f(n):\n    if n < 0: raise ValueError('bad')\n    return n ** 0.5",
        "def f(n): return n ** 0.5",
        "def f(n):\n    if n < 0: raise TypeError('negative')\n    return 2",
        "class Negative(ValueError): pass\ndef f(n):\n    if n < 0: raise Negative('negative')\n    return 2.0",
        "def f(n):\n    assert n >= 0, 'negative'\n    return 2",
    ),
    **posed(
        "an error flagged",
        "raised = False\ntry:\n    f('x')\nexcept Exception:\n    raised = True\nassert raised\nassert f('3') == 3",
        "def f(s): return int(s)",
        "def f(s): return int(s) if s.isdigit() else None",
        "import sys\ndef f(s):\n    if not s.isdigit(): sys.exit(1)\n    return int(s)",
        "f = int",
    ),
    **posed(
        "the kind of an error",
        "try:\n    f([])\nexcept (IndexError, ValueError) as e:\n    assert type(e).__name__ in ('IndexError', 'ValueError')\n"
        "else:\n    raise AssertionError('expected an error')\nassert f([3]) == 3",
        "def f(x): return x[0]",
        "def f(x): return max(x)",
        "def f(x): return x[0] if x else 3",
        "class E(IndexError): pass\ndef f(x):\n    if not x: raise E()\n    return 3",
    ),
    **posed(
        "arguments of an error",
        "try:\n    f(5)\nexcept KeyError as e:\n    assert e.args == (5,)\n    assert str(e) == '5'\nelse:\n    assert 0",
        "def f(k): return {}[k]",
        "def f(k): raise KeyError(str(k))",
        "def f(k): raise KeyError(k)",
    ),
    **posed(
        "a unittest",
        "import unittest\nclass T(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(f(2), 4)\n"
        "        self.assertAlmostEqual(f(1.5), 2.25)\n        self.assertIsInstance(f(1), int)\n"
        "    def test_error(self):\n        with self.assertRaises(TypeError):\n            f('a')\n"
        "r = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T))\nassert r.wasSuccessful()",
        "def f(n): return n * n",
        "def f(n): return n ** 2",
        "def f(n): return n * 2",
        "def f(n): return float(n) ** 2",
    ),
    **posed(
        "a class of tests",
        "class TestF:\n    def setup(self):\n        self.data = [3, 1, 2]\n    def test(self):\n        self.setup()\n"
        "        assert f(self.data) == [1, 2, 3]\n        assert self.data == [3, 1, 2]\nTestF().test()",
        "def f(x): return sorted(x)",
        "def f(x):\n    x.sort()\n    return x",
    ),
    **posed(
        "random numbers",
        "import random\nrandom.seed(1)\ndata = [random.randint(0, 99) for _ in range(50)]\nassert f(data) == sorted(data)\n"
        "for _ in range(20):\n    d = [random.random() for _ in range(5)]\n    assert f(list(d)) == sorted(d)",
        "def f(x): return sorted(x)",
        "def f(x): return x",
        "import random\nrandom.seed(5)\ndef f(x):\n    random.random()\n    return sorted(x)",
    ),
    **posed(
        "large numbers",
        "assert f(30) == 265252859812191058636308480000000\nassert f(0) == 1\nassert len(str(f(1000))) == 2568\n"
        "assert f(2000) % (10 ** 9 + 7) == f(2000) % 1000000007",
        "import math\nf = math.factorial",
        "def f(n): return 1 if n < 2 else n * f(n - 1)",
        "def f(n):\n    r = 1.0\n    for i in range(2, n + 1): r *= i\n    return r",
    ),
    **posed(
        "texts of other scripts",
        "assert f('äöü') == 'ÄÖÜ'\nassert f('straße') == 'STRASSE'\nassert f('😀a') == '😀A'\nassert len(f('e\\u0301')) == 2\n"
        "assert f('\\x00\\n') == '\\x00\\n'",
        "def f(s): return s.upper()",
        "def f(s): return s.swapcase()",
        "def f(s): return ''.join(c.upper() for c in s)",
        "def f(s): return s.encode('ascii', 'ignore').decode().upper()",
    ),
    **posed(
        "printed instead of returned",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    print(f(3))\nassert out.getvalue() == '6\\n'",
        "def f(n): return n * 2",
        "def f(n): return n",
    ),
    **posed(
        "chained comparisons",
        "assert 0 <= f(5) <= 5\nassert f(5) != 3 and f(5) in (4, 5)\nassert f(0) is not None\nassert not f(1) == 7\n"
        "assert f(5) == f(5) == 5\nassert (f(2), f(3)) == (2, 3)\nassert [f(n) for n in (1, 2)] == [1, 2]",
        "def f(n): return n",
        "def f(n): return n - 1",
        "def f(n): return float(n)",
    ),
    **posed(
        "numbers as texts",
        "assert f(3.14159) == '3.14'\nassert f(2) == '2.00'\nassert f(1e10) == '10000000000.00'",
        "def f(x): return f'{x:.2f}'",
        "def f(x): return str(round(x, 2))",
        "def f(x): return '%.2f' % x",
    ),
    **posed(
        "dates",
        "from datetime import date, datetime, timedelta\nassert f('2024-02-28') == date(2024, 2, 29)\n"
        "assert (f('2023-12-31') - date(2023, 12, 31)).days == 1\nassert f('2024-01-01') > date(2024, 1, 1)",
        "from datetime import date, timedelta\ndef f(s): return date.fromisoformat(s) + timedelta(1)",
        "import datetime\ndef f(s): return datetime.datetime.strptime(s, '%Y-%m-%d').date() + datetime.timedelta(days=1)",
        "import datetime as dt\ndef f(s): return dt.datetime.fromisoformat(s) + dt.timedelta(days=1)",
        "def f(s): return s",
    ),
    **posed(
        "nested answers",
        "assert f(2) == {'a': [(0, 'x'), (1, 'x')], 'b': {0, 1}, 'c': None}\nassert f(0)['b'] == set()\nassert f(1)['a'][0][1] == 'x'",
        "def f(n): return {'a': [(i, 'x') for i in range(n)], 'b': set(range(n)), 'c': None}",
        "def f(n): return {'a': [[i, 'x'] for i in range(n)], 'b': set(range(n)), 'c': None}",
        "def f(n): return {'a': list(zip(range(n), 'x' * n)), 'b': {*range(n)}, 'c': None}",
        "def f(n): return {'a': list(zip(range(n), 'x' * n)), 'b': dict.fromkeys(range(n)).keys(), 'c': None}",
    ),
    **posed(
        "json and regular expressions",
        "import json, re\nassert json.loads(f({'a': [1, None]})) == {'a': [1, None]}\nassert re.fullmatch(r'\\{.*\\}', f({}))",
        "import json\ndef f(x): return json.dumps(x)",
        "def f(x): return str(x)",
    ),
    **posed(
        "a match",
        "m = f('ab12')\nassert m\nassert m.group() == '12'\nassert m.span() == (2, 4)\nassert not f('x')\nassert f('x') is None",
        "import re\ndef f(s): return re.search(r'\\d+', s)",
        "import re\ndef f(s): return re.match(r'\\d+', s)",
        "import re\ndef f(s): return re.findall(r'\\d+', s)",
    ),
    **posed(
        "time that is measured",
        "import time\nbegun = time.perf_counter()\nassert f(20) == 6765\nassert time.perf_counter() - begun < 5",
        "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)",
        "def f(n): return n",
    ),
    **posed(
        "lines of the tests",
        "assert f(['a\\n', 'b']) == ['a', 'b']\nassert f(line for line in ('x ',)) == ['x']\n"
        "i = iter('abc')\nnext(i)\nassert f(i) == ['b', 'c']\nassert next(i, 0) == 0",
        "def f(file): return [line.strip() for line in file]",
        "def f(file): return list(file)",
    ),
    **posed(
        "code in a text",
        "assert eval('f(3)') == 4",
        "def f(x): return x + 1",
        "def f(x): return x",
    ),
    **posed(
        "text that is printed",
        "import sys, io\nold = sys.stdout\nsys.stdout = io.StringIO()\nf('x')\nout = sys.stdout.getvalue()\nsys.stdout = old\nassert out == 'x\\n'",
        "def f(x): print(x)",
        "def f(x): print(x, end='')",
    ),
    **posed(
        "input that is read",
        "import builtins\nbuiltins.input = lambda *_: '7'\nassert f() == 7",
        "def f(): return int(input())",
        "def f(): return 8",
    ),
}
