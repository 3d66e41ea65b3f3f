"""Problems in the manner of HumanEval, MBPP and APPS, with programs that solve them and programs that do not.

Like `assertions`, nothing here says which is which: CPython does.
"""

from tests.isolation.corpus.assertions import Case

_DERIVED = """
from collections import Counter, OrderedDict, deque
class D(deque): pass
class O(OrderedDict): pass
class C(Counter): pass
"""


def _of(name: str, tests: str, *programs: str) -> dict[str, Case]:
    """The tests of one problem, for several programs."""
    return {f"{name} {number}": (program, tests) for number, program in enumerate(programs)}


PROBLEMS: dict[str, Case] = {
    **_of(
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
    **_of(
        "metadata and a check",
        "METADATA = {'author': 'x'}\n\ndef check(candidate):\n    '''doc'''\n    assert True, 'This prints if wrong'\n"
        "    assert candidate('abc') == 'cba', 'a'\n    assert candidate('') == ''\n    assert True\n\ncheck(f)\n",
        "def f(s): return s[::-1]",
        "def f(s): return s",
        "def f(s): return ''.join(reversed(s))",
        "def f(s): return reversed(s)",
        "class S(str): pass\ndef f(s): return S(s[::-1])",
    ),
    **_of(
        "a loop over cases",
        "cases = [((1, 2), 3), ((0, 0), 0), ((-1, 1), 0)]\nfor args, want in cases:\n    got = f(*args)\n"
        "    assert got == want, f'{args}: {got} != {want}'",
        "def f(a, b): return a + b",
        "def f(a, b): return a - b",
        "def f(a, b): return a if b else b",
        "def f(*a): return sum(a)",
    ),
    **_of(
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
    **_of(
        "an error flagged",
        "raised = False\ntry:\n    f('x')\nexcept Exception:\n    raised = True\nassert raised\nassert f('3') == 3",
        "def f(s): return int(s)",
        "def f(s): return int(s) if s.isdigit() else None",
        "import sys\ndef f(s):\n    if not s.isdigit(): sys.exit(1)\n    return int(s)",
        "f = int",
    ),
    **_of(
        "the kind of an error",
        "try:\n    f([])\nexcept (IndexError, ValueError) as e:\n    assert type(e).__name__ in ('IndexError', 'ValueError')\n"
        "else:\n    raise AssertionError('expected an error')\nassert f([3]) == 3",
        "def f(x): return x[0]",
        "def f(x): return max(x)",
        "def f(x): return x[0] if x else 3",
        "class E(IndexError): pass\ndef f(x):\n    if not x: raise E()\n    return 3",
    ),
    **_of(
        "arguments of an error",
        "try:\n    f(5)\nexcept KeyError as e:\n    assert e.args == (5,)\n    assert str(e) == '5'\nelse:\n    assert 0",
        "def f(k): return {}[k]",
        "def f(k): raise KeyError(str(k))",
        "def f(k): raise KeyError(k)",
    ),
    **_of(
        "an argument that is changed in place",
        "a = [3, 1, 2]\nb = a\nassert f(a) is None\nassert a == [1, 2, 3]\nassert b is a and b == [1, 2, 3]",
        "def f(a): a.sort()",
        "def f(a): return sorted(a)",
        "def f(a): a = sorted(a)",
        "def f(a): a[:] = sorted(a)",
        "def f(a):\n    a.clear()\n    a.extend([1, 2, 3])",
    ),
    **_of(
        "an argument that must not change",
        "a = [[1, 2], [3]]\nr = f(a)\nassert a == [[1, 2], [3]]\nassert r == [[1, 2], [3], [4]]\nr[0].append(9)\n"
        "assert a == [[1, 2], [3]]",
        "import copy\ndef f(a): return copy.deepcopy(a) + [[4]]",
        "def f(a): return a + [[4]]",
        "def f(a):\n    a.append([4])\n    return a",
    ),
    **_of(
        "a matrix in place",
        "m = [[1, 2], [3, 4]]\nf(m)\nassert m == [[3, 1], [4, 2]]",
        "def f(m): m[:] = [list(r) for r in zip(*m[::-1])]",
        "def f(m): m[:] = zip(*m[::-1])",
        "def f(m):\n    m[0][0], m[0][1], m[1][1], m[1][0] = 3, 1, 2, 4",
        "def f(m): return [[3, 1], [4, 2]]",
    ),
    **_of(
        "a generator",
        "g = f(3)\nassert next(g) == 0\nassert list(g) == [1, 2]\nassert next(g, 'end') == 'end'",
        "def f(n): yield from range(n)",
        "def f(n): return iter(range(n))",
        "def f(n): return range(n)",
        "def f(n): return list(range(n))",
        "class G:\n    def __init__(self, n): self.n, self.at = n, -1\n    def __iter__(self): return self\n"
        "    def __next__(self):\n        self.at += 1\n        if self.at >= self.n: raise StopIteration\n        return self.at\nf = G",
    ),
    **_of(
        "an endless generator",
        "from itertools import islice\nassert list(islice(f(), 5)) == [0, 1, 1, 2, 3]\n"
        "assert [x for _, x in zip(range(3), f())] == [0, 1, 1]",
        "def f():\n    a, b = 0, 1\n    while True:\n        yield a\n        a, b = b, a + b",
        "def f():\n    a, b = 1, 1\n    while True:\n        yield a\n        a, b = b, a + b",
    ),
    **_of(
        "a stack",
        "s = Stack()\nassert s.is_empty()\ns.push(1)\ns.push('b')\nassert len(s) == 2\nassert s.pop() == 'b'\nassert s.peek() == 1\n"
        "assert not s.is_empty()\ntry:\n    Stack().pop()\n    assert False\nexcept IndexError:\n    pass\nassert isinstance(s, Stack)",
        "class Stack:\n    def __init__(self): self.items = []\n    def push(self, x): self.items.append(x)\n"
        "    def pop(self): return self.items.pop()\n    def peek(self): return self.items[-1]\n"
        "    def is_empty(self): return not self.items\n    def __len__(self): return len(self.items)",
        "class Stack:\n    items = []\n    def push(self, x): self.items.insert(0, x)\n    def pop(self): return self.items.pop()\n"
        "    def peek(self): return self.items[-1]\n    def is_empty(self): return not self.items\n"
        "    def __len__(self): return len(self.items)",
        "class Stack(list):\n    push = list.append\n    def peek(self): return self[-1]\n    def is_empty(self): return not self",
    ),
    **_of(
        "an account",
        "a = Account('x', 10)\na.deposit(5)\nassert a.balance == 15\n"
        "try:\n    a.withdraw(100)\nexcept InsufficientFunds as e:\n    assert isinstance(e, Exception)\nelse:\n    assert False\n"
        "assert a.balance == 15\nassert str(a) == 'x: 15'\nassert Account.count == 1",
        "class InsufficientFunds(Exception): pass\nclass Account:\n    count = 0\n    def __init__(self, n, b):\n"
        "        self.name, self.balance = n, b\n        Account.count += 1\n    def deposit(self, x): self.balance += x\n"
        "    def withdraw(self, x):\n        if x > self.balance: raise InsufficientFunds(x)\n        self.balance -= x\n"
        "    def __str__(self): return f'{self.name}: {self.balance}'",
        "class InsufficientFunds(Exception): pass\nclass Account:\n    count = 0\n    def __init__(self, n, b):\n"
        "        self.name, self.balance = n, b\n    def deposit(self, x): self.balance += x\n"
        "    def withdraw(self, x):\n        if x > self.balance: raise InsufficientFunds(x)\n        self.balance -= x\n"
        "    def __str__(self): return f'{self.name}: {self.balance}'",
    ),
    **_of(
        "objects that are equal",
        "assert Point(1, 2) == Point(1, 2)\nassert Point(1, 2) != Point(2, 1)\nassert Point(1, 2).x == 1",
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n    y: int",
        "class Point:\n    def __init__(self, x, y): self.x, self.y = x, y",
        "from collections import namedtuple\nPoint = namedtuple('Point', 'x y')",
    ),
    **_of(
        "a linked list",
        "head = build([1, 2, 3])\nassert head.val == 1 and head.next.val == 2\nassert head.next.next.next is None\n"
        "assert to_list(f(head)) == [3, 2, 1]\ndef walk(n):\n    while n:\n        yield n.val\n        n = n.next\n"
        "assert list(walk(f(build([1, 2])))) == [2, 1]",
        "class Node:\n    def __init__(self, v, n=None): self.val, self.next = v, n\n"
        "def build(x):\n    h = None\n    for v in reversed(x): h = Node(v, h)\n    return h\n"
        "def to_list(n):\n    r = []\n    while n: r.append(n.val); n = n.next\n    return r\n"
        "def f(h):\n    p = None\n    while h: h.next, p, h = p, h, h.next\n    return p",
        "class Node:\n    def __init__(self, v, n=None): self.val, self.next = v, n\n"
        "def build(x):\n    h = None\n    for v in reversed(x): h = Node(v, h)\n    return h\n"
        "def to_list(n):\n    r = []\n    while n: r.append(n.val); n = n.next\n    return r\ndef f(h): return h",
    ),
    **_of(
        "a data type as an argument",
        "assert f([1, 'a', 2.0, 'b', True], str) == ['a', 'b']\nassert f([1, 'a'], int) == [1]\nassert f((1, [2]), list) == [[2]]",
        "def f(x, t): return [e for e in x if isinstance(e, t)]",
        "def f(x, t): return [e for e in x if type(e) is t]",
        "def f(x, t): return [e for e in x if not isinstance(e, t)]",
    ),
    **_of(
        "a function as an argument",
        "assert f(lambda x: x * 2, [1, 2]) == [2, 4]\nassert f(str, [1, 2]) == ['1', '2']\nassert f(len, ['a', '']) == [1, 0]\n"
        "import math\nassert f(math.sqrt, [4]) == [2]\nassert list(f(None, [0, 1])) == [1]",
        "def f(g, x): return [g(e) for e in x] if g else [e for e in x if e]",
        "def f(g, x): return list(map(g, x)) if g else filter(None, x)",
        "def f(g, x): return list(map(g, x))",
    ),
    **_of(
        "a function that is returned",
        "add = f(3)\nassert add(4) == 7\nassert callable(add)\nassert f(1)(1) == 2\nc = f(0)\nassert [c(n) for n in range(3)] == [0, 1, 2]",
        "def f(n): return lambda m: n + m",
        "from functools import partial\nfrom operator import add\ndef f(n): return partial(add, n)",
        "def f(n): return n",
        "class Adder:\n    def __init__(self, n): self.n = n\n    def __call__(self, m): return self.n + m\nf = Adder",
    ),
    **_of(
        "a decorator",
        "calls = []\n@f\ndef g(x):\n    calls.append(x)\n    return x + 1\nassert g(1) == 2 and g(1) == 2\nassert calls == [1]",
        "def f(g):\n    seen = {}\n    def h(x):\n        if x not in seen: seen[x] = g(x)\n        return seen[x]\n    return h",
        "from functools import lru_cache as f",
        "from functools import cache\nf = cache",
        "def f(g): return g",
    ),
    **_of(
        "a context manager",
        "with f('x') as got:\n    assert got == 'x'\nlog = []\nwith f(log) as l:\n    l.append(1)\nassert log == [1, 'end']",
        "from contextlib import contextmanager\n@contextmanager\ndef f(x):\n    yield x\n    if isinstance(x, list): x.append('end')",
        "from contextlib import contextmanager\n@contextmanager\ndef f(x):\n    yield x",
        "class f:\n    def __init__(self, x): self.x = x\n    def __enter__(self): return self.x\n"
        "    def __exit__(self, *e):\n        if isinstance(self.x, list): self.x.append('end')\n        return True",
    ),
    **_of(
        "a coroutine",
        "import asyncio\nassert asyncio.run(f(2)) == 4\nasync def both():\n    return await asyncio.gather(f(1), f(3))\n"
        "assert asyncio.run(both()) == [2, 6]",
        "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n * 2",
        "async def f(n): return n + 2",
        "def f(n): return n * 2",
    ),
    **_of(
        "sets and orders",
        "assert set(f([1, 1, 2])) == {1, 2}\nassert sorted(f([3, 1])) == [1, 3]\nassert len(f([5, 5])) == 1\n"
        "assert sorted(f('ab'), reverse=True) == ['b', 'a']\nassert 1 in f([1])",
        "def f(x): return set(x)",
        "def f(x): return list(dict.fromkeys(x))",
        "def f(x): return dict.fromkeys(x)",
        "def f(x): return dict.fromkeys(x).keys()",
        "from collections import Counter\nf = Counter",
        "def f(x): return x",
        "def f(x): return (e for e in set(x))",
        "f = frozenset",
    ),
    **_of(
        "groups",
        "g = f(['ab', 'a', 'ba'])\nassert g[2] == ['ab', 'ba']\nassert dict(g) == {2: ['ab', 'ba'], 1: ['a']}\nassert sorted(g) == [1, 2]\n"
        "assert g.get(7) is None\nassert sorted(map(len, g.values())) == [1, 2]\nassert sorted(g.items()) == [(1, ['a']), (2, ['ab', 'ba'])]",
        "from collections import defaultdict\ndef f(w):\n    d = defaultdict(list)\n    for x in w: d[len(x)].append(x)\n    return d",
        "def f(w):\n    d = {}\n    for x in w: d.setdefault(len(x), []).append(x)\n    return d",
        "from itertools import groupby\ndef f(w): return {k: list(g) for k, g in groupby(sorted(w, key=len), len)}",
        "from itertools import groupby\ndef f(w): return {k: list(g) for k, g in groupby(w, len)}",
    ),
    **_of(
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
    **_of(
        "a class of tests",
        "class TestF:\n    def setup(self):\n        self.data = [3, 1, 2]\n    def test(self):\n        self.setup()\n"
        "        assert f(self.data) == [1, 2, 3]\n        assert self.data == [3, 1, 2]\nTestF().test()",
        "def f(x): return sorted(x)",
        "def f(x):\n    x.sort()\n    return x",
    ),
    **_of(
        "random numbers",
        "import random\nrandom.seed(1)\ndata = [random.randint(0, 99) for _ in range(50)]\nassert f(data) == sorted(data)\n"
        "for _ in range(20):\n    d = [random.random() for _ in range(5)]\n    assert f(list(d)) == sorted(d)",
        "def f(x): return sorted(x)",
        "def f(x): return x",
        "import random\nrandom.seed(5)\ndef f(x):\n    random.random()\n    return sorted(x)",
    ),
    **_of(
        "large numbers",
        "assert f(30) == 265252859812191058636308480000000\nassert f(0) == 1\nassert len(str(f(1000))) == 2568\n"
        "assert f(2000) % (10 ** 9 + 7) == f(2000) % 1000000007",
        "import math\nf = math.factorial",
        "def f(n): return 1 if n < 2 else n * f(n - 1)",
        "def f(n):\n    r = 1.0\n    for i in range(2, n + 1): r *= i\n    return r",
    ),
    **_of(
        "texts of other scripts",
        "assert f('äöü') == 'ÄÖÜ'\nassert f('straße') == 'STRASSE'\nassert f('😀a') == '😀A'\nassert len(f('e\\u0301')) == 2\n"
        "assert f('\\x00\\n') == '\\x00\\n'",
        "def f(s): return s.upper()",
        "def f(s): return s.swapcase()",
        "def f(s): return ''.join(c.upper() for c in s)",
        "def f(s): return s.encode('ascii', 'ignore').decode().upper()",
    ),
    **_of(
        "printed instead of returned",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    print(f(3))\nassert out.getvalue() == '6\\n'",
        "def f(n): return n * 2",
        "def f(n): return n",
    ),
    **_of(
        "identity",
        "a = [1]\nassert f(a) is a\nassert f(a) == [1, 2]\nassert a == [1, 2, 2]",
        "def f(a):\n    a.append(2)\n    return a",
        "def f(a): return a + [2]",
    ),
    **_of(
        "chained comparisons",
        "assert 0 <= f(5) <= 5\nassert f(5) != 3 and f(5) in (4, 5)\nassert f(0) is not None\nassert not f(1) == 7\n"
        "assert f(5) == f(5) == 5\nassert (f(2), f(3)) == (2, 3)\nassert [f(n) for n in (1, 2)] == [1, 2]",
        "def f(n): return n",
        "def f(n): return n - 1",
        "def f(n): return float(n)",
    ),
    **_of(
        "numbers as texts",
        "assert f(3.14159) == '3.14'\nassert f(2) == '2.00'\nassert f(1e10) == '10000000000.00'",
        "def f(x): return f'{x:.2f}'",
        "def f(x): return str(round(x, 2))",
        "def f(x): return '%.2f' % x",
    ),
    **_of(
        "dates",
        "from datetime import date, datetime, timedelta\nassert f('2024-02-28') == date(2024, 2, 29)\n"
        "assert (f('2023-12-31') - date(2023, 12, 31)).days == 1\nassert f('2024-01-01') > date(2024, 1, 1)",
        "from datetime import date, timedelta\ndef f(s): return date.fromisoformat(s) + timedelta(1)",
        "import datetime\ndef f(s): return datetime.datetime.strptime(s, '%Y-%m-%d').date() + datetime.timedelta(days=1)",
        "import datetime as dt\ndef f(s): return dt.datetime.fromisoformat(s) + dt.timedelta(days=1)",
        "def f(s): return s",
    ),
    **_of(
        "a module that the program imported",
        "assert f(4) == math.sqrt(4)\nassert f(0) == 0",
        "import math\ndef f(n): return math.sqrt(n)",
        "from math import sqrt as s\nimport math as math\ndef f(n): return s(n)",
    ),
    **_of(
        "a module by another name",
        "assert f(4) == m.sqrt(4)\nassert c.Counter('a') == {'a': 1}\nassert D('1') + f(0) == 1",
        "import math as m, collections as c\nfrom decimal import Decimal as D\ndef f(n): return int(m.sqrt(n))",
    ),
    **_of(
        "helpers of the program",
        "assert is_prime(7) and not is_prime(8)\nassert f(10) == [2, 3, 5, 7]\nassert all(is_prime(p) for p in f(30))\nassert LIMIT == 100",
        "LIMIT = 100\ndef is_prime(n): return n > 1 and all(n % d for d in range(2, n))\ndef f(n): return [p for p in range(n) if is_prime(p)]",
        "LIMIT = 10\ndef is_prime(n): return n > 1 and all(n % d for d in range(2, n))\ndef f(n): return [p for p in range(n) if is_prime(p)]",
    ),
    **_of(
        "state between calls",
        "assert f() == 1\nassert f() == 2\nassert [f(), f()] == [3, 4]",
        "n = 0\ndef f():\n    global n\n    n += 1\n    return n",
        "from itertools import count\nc = count(1)\ndef f(): return next(c)",
        "def f(): return 1",
    ),
    **_of(
        "a default that grows",
        "a = f(1)\nb = f(2)\nassert a == [1]\nassert b == [2]",
        "def f(x, acc=[]):\n    acc.append(x)\n    return acc",
        "def f(x, acc=None):\n    acc = [] if acc is None else acc\n    acc.append(x)\n    return acc",
    ),
    **_of(
        "an enumeration",
        "assert Color.RED.value == 1\nassert Color(2) is Color.BLUE\nassert Color['RED'] == Color.RED\nassert [c.name for c in Color] == ['RED', 'BLUE']\n"
        "assert f(Color.RED) == Color.BLUE",
        "from enum import Enum\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\ndef f(c): return Color.BLUE if c is Color.RED else Color.RED",
        "from enum import Enum\nclass Color(Enum):\n    RED = 1\n    BLUE = 3\ndef f(c): return Color.BLUE",
    ),
    **_of(
        "a tree",
        "t = Tree(2, Tree(1), Tree(3))\nassert f(t) == [1, 2, 3]\nassert f(None) == []\nassert f(Tree(5)) == [5]",
        "class Tree:\n    def __init__(self, v, l=None, r=None): self.v, self.l, self.r = v, l, r\n"
        "def f(t): return f(t.l) + [t.v] + f(t.r) if t else []",
        "class Tree:\n    def __init__(self, v, l=None, r=None): self.v, self.l, self.r = v, l, r\n"
        "def f(t): return [t.v] + f(t.l) + f(t.r) if t else []",
    ),
    **_of(
        "a tree of the tests",
        "class Tree:\n    def __init__(self, v, l=None, r=None): self.v, self.l, self.r = v, l, r\n"
        "assert f({'v': 1, 'l': None}) == 1\nassert f({'v': 2, 'l': {'v': 5, 'l': None}}) == 7",
        "def f(t): return t['v'] + (f(t['l']) if t['l'] else 0)",
        "def f(t): return t['v']",
    ),
    **_of(
        "keywords and stars",
        "assert f(1, 2, c=3) == 6\nassert f(*[1, 2], **{'c': 4}) == 7\ntry:\n    f(1, 2, 3)\n    assert False\nexcept TypeError:\n    pass",
        "def f(a, b, *, c): return a + b + c",
        "def f(a, b, c): return a + b + c",
    ),
    **_of(
        "nested answers",
        "assert f(2) == {'a': [(0, 'x'), (1, 'x')], 'b': {0, 1}, 'c': None}\nassert f(0)['b'] == set()\nassert f(1)['a'][0][1] == 'x'",
        "def f(n): return {'a': [(i, 'x') for i in range(n)], 'b': set(range(n)), 'c': None}",
        "def f(n): return {'a': [[i, 'x'] for i in range(n)], 'b': set(range(n)), 'c': None}",
        "def f(n): return {'a': list(zip(range(n), 'x' * n)), 'b': {*range(n)}, 'c': None}",
        "def f(n): return {'a': list(zip(range(n), 'x' * n)), 'b': dict.fromkeys(range(n)).keys(), 'c': None}",
    ),
    **_of(
        "a queue",
        "q = f(2)\nq.append(1)\nq.append(2)\nq.append(3)\nassert list(q) == [2, 3]\nassert q[0] == 2 and len(q) == 2\nassert q.popleft() == 2",
        "from collections import deque\ndef f(n): return deque(maxlen=n)",
        "from collections import deque\ndef f(n): return deque()",
    ),
    **_of(
        "a heap",
        "import heapq\nh = f([3, 1, 2])\nassert heapq.heappop(h) == 1\nassert heapq.heappop(h) == 2\nheapq.heappush(h, 0)\nassert h[0] == 0",
        "import heapq\ndef f(x):\n    h = list(x)\n    heapq.heapify(h)\n    return h",
        "def f(x): return list(x)",
    ),
    **_of(
        "json and regular expressions",
        "import json, re\nassert json.loads(f({'a': [1, None]})) == {'a': [1, None]}\nassert re.fullmatch(r'\\{.*\\}', f({}))",
        "import json\ndef f(x): return json.dumps(x)",
        "def f(x): return str(x)",
    ),
    **_of(
        "a match",
        "m = f('ab12')\nassert m\nassert m.group() == '12'\nassert m.span() == (2, 4)\nassert not f('x')\nassert f('x') is None",
        "import re\ndef f(s): return re.search(r'\\d+', s)",
        "import re\ndef f(s): return re.match(r'\\d+', s)",
        "import re\ndef f(s): return re.findall(r'\\d+', s)",
    ),
    **_of(
        "time that is measured",
        "import time\nbegun = time.perf_counter()\nassert f(20) == 6765\nassert time.perf_counter() - begun < 5",
        "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)",
        "def f(n): return n",
    ),
    **_of(
        "lines of the tests",
        "assert f(['a\\n', 'b']) == ['a', 'b']\nassert f(line for line in ('x ',)) == ['x']\n"
        "i = iter('abc')\nnext(i)\nassert f(i) == ['b', 'c']\nassert next(i, 0) == 0",
        "def f(file): return [line.strip() for line in file]",
        "def f(file): return list(file)",
    ),
    **_of(
        "the truth of an object",
        "s = Stack()\nassert not s\ns.push(1)\nassert s\nassert bool(s) is True\nassert f(s) and not f(Stack())",
        "class Stack:\n    def __init__(self): self.n = 0\n    def push(self, x): self.n += 1\n"
        "    def __len__(self): return self.n\ndef f(s): return s",
        "class Stack:\n    def __init__(self): self.n = 0\n    def push(self, x): self.n += 1\n"
        "    def __bool__(self): return self.n > 0\ndef f(s): return bool(s)",
        "class Stack:\n    def push(self, x): pass\ndef f(s): return True",
        "class Stack:\n    def push(self, x): pass\n    def __len__(self): return -1\ndef f(s): return True",
    ),
    **_of(
        "classes that derive from those of the library",
        "from collections import Counter, OrderedDict, deque\nassert isinstance(f('deque'), deque)\n"
        "assert f('deque') == deque([1, 2])\nassert f('order') == OrderedDict([('b', 1), ('a', 2)])\n"
        "assert f('order') != OrderedDict([('a', 2), ('b', 1)])\nassert f('count') == Counter('aab')\n"
        "assert f('count')['z'] == 0\nassert f('count').most_common(1) == [('a', 2)]",
        _DERIVED
        + "def f(k): return {'deque': D([1, 2]), 'order': O([('b', 1), ('a', 2)]), 'count': C('aab')}[k]",
        _DERIVED
        + "def f(k): return {'deque': D([1, 2]), 'order': O([('a', 2), ('b', 1)]), 'count': C('aab')}[k]",
        _DERIVED
        + "def f(k): return {'deque': D([2, 1]), 'order': O([('b', 1), ('a', 2)]), 'count': C('aab')}[k]",
    ),
    **_of(
        "what a function and an object are called",
        "assert f.__doc__ == 'Double.'\nassert f.__name__ == 'f'\na = A()\nassert type(a).__name__ == 'A'\n"
        "assert a.__class__.__name__ == 'A'\nassert isinstance(a, A)\nassert eval('f(3)') == 6",
        "class A: pass\ndef f(x):\n    'Double.'\n    return 2 * x",
        "class A: pass\ndef f(x): return 2 * x",
        "class B: pass\nA = B\ndef f(x):\n    'Double.'\n    return 2 * x",
    ),
    **_of(
        "what is cached",
        "assert f(10) == 55\nassert f.cache_info().hits == 8\nassert f.cache_info()[0] == 8\nf.cache_clear()\n"
        "assert f.cache_info() == (0, 0, None, 0)",
        "from functools import lru_cache\n@lru_cache(None)\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)",
        "from functools import lru_cache\n@lru_cache(9)\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)",
    ),
    **_of(
        "code in a text",
        "assert eval('f(3)') == 4",
        "def f(x): return x + 1",
        "def f(x): return x",
    ),
    **_of(
        "an endless iterator of the tests",
        "from itertools import count\nc = count(1)\nassert f(c, 3) == [1, 2, 3]\nassert next(c) == 4\nassert f(c, 1) == [5]",
        "def f(i, n): return [next(i) for _ in range(n)]",
        "from itertools import islice\ndef f(i, n): return list(islice(i, n))",
        "def f(i, n): return [x for _, x in zip(range(n), i)]",
        "def f(i, n): return [x for x, _ in zip(i, range(n))]",
    ),
    **_of(
        "an array of bits",
        "assert f(5) == '101'\nassert f(5) == bin(5)[2:]\nassert int(f(255), 2) == 255\nassert isinstance(f(1), str)",
        "def f(n): return bin(n)[2:]",
        "def f(n): return bin(n)",
        "def f(n): return format(n, 'b')",
    ),
    **_of(
        "text that is printed",
        "import sys, io\nold = sys.stdout\nsys.stdout = io.StringIO()\nf('x')\nout = sys.stdout.getvalue()\nsys.stdout = old\nassert out == 'x\\n'",
        "def f(x): print(x)",
        "def f(x): print(x, end='')",
    ),
    **_of(
        "input that is read",
        "import builtins\nbuiltins.input = lambda *_: '7'\nassert f() == 7",
        "def f(): return int(input())",
        "def f(): return 8",
    ),
}
