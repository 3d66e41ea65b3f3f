"""What calls do: to their arguments, to state, to functions that are passed and returned."""

from tests.isolation.corpus.assertions import Case
from tests.isolation.corpus.problems.posed import posed

CALLS: dict[str, Case] = {
    **posed(
        "an argument that is changed in place",
        "a = [3, 1, 2]\nb = a\nassert f(a) is None\nassert a == [1, 2, 3]\nassert b is a and b == [1, 2, 3]",
        "def f(a): a.sort()",
        "def f(a): return sorted(a)",
        "def f(a): a = sorted(a)",
        "def f(a): a[:] = sorted(a)",
        "def f(a):\n    a.clear()\n    a.extend([1, 2, 3])",
    ),
    **posed(
        "an argument that must not change",
        "a = [[1, 2], [3]]\nr = f(a)\nassert a == [[1, 2], [3]]\nassert r == [[1, 2], [3], [4]]\nr[0].append(9)\n"
        "assert a == [[1, 2], [3]]",
        "import copy\ndef f(a): return copy.deepcopy(a) + [[4]]",
        "def f(a): return a + [[4]]",
        "def f(a):\n    a.append([4])\n    return a",
    ),
    **posed(
        "a matrix in place",
        "m = [[1, 2], [3, 4]]\nf(m)\nassert m == [[3, 1], [4, 2]]",
        "def f(m): m[:] = [list(r) for r in zip(*m[::-1])]",
        "def f(m): m[:] = zip(*m[::-1])",
        "def f(m):\n    m[0][0], m[0][1], m[1][1], m[1][0] = 3, 1, 2, 4",
        "def f(m): return [[3, 1], [4, 2]]",
    ),
    **posed(
        "a generator",
        "g = f(3)\nassert next(g) == 0\nassert list(g) == [1, 2]\nassert next(g, 'end') == 'end'",
        "def f(n): yield from range(n)",
        "def f(n): return iter(range(n))",
        "def f(n): return range(n)",
        "def f(n): return list(range(n))",
        "class G:\n    def __init__(self, n): self.n, self.at = n, -1\n    def __iter__(self): return self\n"
        "    def __next__(self):\n        self.at += 1\n        if self.at >= self.n: raise StopIteration\n        return self.at\nf = G",
    ),
    **posed(
        "an endless generator",
        "from itertools import islice\nassert list(islice(f(), 5)) == [0, 1, 1, 2, 3]\n"
        "assert [x for _, x in zip(range(3), f())] == [0, 1, 1]",
        "def f():\n    a, b = 0, 1\n    while True:\n        yield a\n        a, b = b, a + b",
        "def f():\n    a, b = 1, 1\n    while True:\n        yield a\n        a, b = b, a + b",
    ),
    **posed(
        "a function as an argument",
        "assert f(lambda x: x * 2, [1, 2]) == [2, 4]\nassert f(str, [1, 2]) == ['1', '2']\nassert f(len, ['a', '']) == [1, 0]\n"
        "import math\nassert f(math.sqrt, [4]) == [2]\nassert list(f(None, [0, 1])) == [1]",
        "def f(g, x): return [g(e) for e in x] if g else [e for e in x if e]",
        "def f(g, x): return list(map(g, x)) if g else filter(None, x)",
        "def f(g, x): return list(map(g, x))",
    ),
    **posed(
        "a function that is returned",
        "add = f(3)\nassert add(4) == 7\nassert callable(add)\nassert f(1)(1) == 2\nc = f(0)\nassert [c(n) for n in range(3)] == [0, 1, 2]",
        "def f(n): return lambda m: n + m",
        "from functools import partial\nfrom operator import add\ndef f(n): return partial(add, n)",
        "def f(n): return n",
        "class Adder:\n    def __init__(self, n): self.n = n\n    def __call__(self, m): return self.n + m\nf = Adder",
    ),
    **posed(
        "a decorator",
        "calls = []\n@f\ndef g(x):\n    calls.append(x)\n    return x + 1\nassert g(1) == 2 and g(1) == 2\nassert calls == [1]",
        "def f(g):\n    seen = {}\n    def h(x):\n        if x not in seen: seen[x] = g(x)\n        return seen[x]\n    return h",
        "from functools import lru_cache as f",
        "from functools import cache\nf = cache",
        "def f(g): return g",
    ),
    **posed(
        "a context manager",
        "with f('x') as got:\n    assert got == 'x'\nlog = []\nwith f(log) as l:\n    l.append(1)\nassert log == [1, 'end']",
        "from contextlib import contextmanager\n@contextmanager\ndef f(x):\n    yield x\n    if isinstance(x, list): x.append('end')",
        "from contextlib import contextmanager\n@contextmanager\ndef f(x):\n    yield x",
        "class f:\n    def __init__(self, x): self.x = x\n    def __enter__(self): return self.x\n"
        "    def __exit__(self, *e):\n        if isinstance(self.x, list): self.x.append('end')\n        return True",
    ),
    **posed(
        "a coroutine",
        "import asyncio\nassert asyncio.run(f(2)) == 4\nasync def both():\n    return await asyncio.gather(f(1), f(3))\n"
        "assert asyncio.run(both()) == [2, 6]",
        "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n * 2",
        "async def f(n): return n + 2",
        "def f(n): return n * 2",
    ),
    **posed(
        "identity",
        "a = [1]\nassert f(a) is a\nassert f(a) == [1, 2]\nassert a == [1, 2, 2]",
        "def f(a):\n    a.append(2)\n    return a",
        "def f(a): return a + [2]",
    ),
    **posed(
        "a module that the program imported",
        "assert f(4) == math.sqrt(4)\nassert f(0) == 0",
        "import math\ndef f(n): return math.sqrt(n)",
        "from math import sqrt as s\nimport math as math\ndef f(n): return s(n)",
    ),
    **posed(
        "a module by another name",
        "assert f(4) == m.sqrt(4)\nassert c.Counter('a') == {'a': 1}\nassert D('1') + f(0) == 1",
        "import math as m, collections as c\nfrom decimal import Decimal as D\ndef f(n): return int(m.sqrt(n))",
    ),
    **posed(
        "helpers of the program",
        "assert is_prime(7) and not is_prime(8)\nassert f(10) == [2, 3, 5, 7]\nassert all(is_prime(p) for p in f(30))\nassert LIMIT == 100",
        "LIMIT = 100\ndef is_prime(n): return n > 1 and all(n % d for d in range(2, n))\ndef f(n): return [p for p in range(n) if is_prime(p)]",
        "LIMIT = 10\ndef is_prime(n): return n > 1 and all(n % d for d in range(2, n))\ndef f(n): return [p for p in range(n) if is_prime(p)]",
    ),
    **posed(
        "state between calls",
        "assert f() == 1\nassert f() == 2\nassert [f(), f()] == [3, 4]",
        "n = 0\ndef f():\n    global n\n    n += 1\n    return n",
        "from itertools import count\nc = count(1)\ndef f(): return next(c)",
        "def f(): return 1",
    ),
    **posed(
        "a default that grows",
        "a = f(1)\nb = f(2)\nassert a == [1]\nassert b == [2]",
        "def f(x, acc=[]):\n    acc.append(x)\n    return acc",
        "def f(x, acc=None):\n    acc = [] if acc is None else acc\n    acc.append(x)\n    return acc",
    ),
    **posed(
        "keywords and stars",
        "assert f(1, 2, c=3) == 6\nassert f(*[1, 2], **{'c': 4}) == 7\ntry:\n    f(1, 2, 3)\n    assert False\nexcept TypeError:\n    pass",
        "def f(a, b, *, c): return a + b + c",
        "def f(a, b, c): return a + b + c",
    ),
    **posed(
        "what is cached",
        "assert f(10) == 55\nassert f.cache_info().hits == 8\nassert f.cache_info()[0] == 8\nf.cache_clear()\n"
        "assert f.cache_info() == (0, 0, None, 0)",
        "from functools import lru_cache\n@lru_cache(None)\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)",
        "from functools import lru_cache\n@lru_cache(9)\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)",
    ),
    **posed(
        "an endless iterator of the tests",
        "from itertools import count\nc = count(1)\nassert f(c, 3) == [1, 2, 3]\nassert next(c) == 4\nassert f(c, 1) == [5]",
        "def f(i, n): return [next(i) for _ in range(n)]",
        "from itertools import islice\ndef f(i, n): return list(islice(i, n))",
        "def f(i, n): return [x for _, x in zip(range(n), i)]",
        "def f(i, n): return [x for x, _ in zip(i, range(n))]",
    ),
}
