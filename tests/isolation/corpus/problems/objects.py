"""Classes of the program and of the tests, collections, and what their objects are."""

from tests.isolation.corpus.assertions import Case
from tests.isolation.corpus.problems.posed import posed

_DERIVED = """
from collections import Counter, OrderedDict, deque
class D(deque): pass
class O(OrderedDict): pass
class C(Counter): pass
"""

OBJECTS: dict[str, Case] = {
    **posed(
        "a method that is called like something imported",
        "assert Solution().merge([[1, 3], [2, 6]]) == [[1, 6]]\nassert Solution().merge([]) == []",
        "from heapq import *\nclass Solution:\n    def merge(self, a):\n        return [[a[0][0], a[-1][1]]] if a else []",
        "from heapq import *\nclass Solution:\n    def merge(self, a):\n        return a",
        "def merge(a): return [[a[0][0], a[-1][1]]] if a else []\nclass Solution:\n    def merge(self, a): return merge(a)",
        "class Solution:\n    def __init__(self): self.merge = lambda a: [[1, 6]] if a else []",
    ),
    **posed(
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
    **posed(
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
    **posed(
        "objects that are equal",
        "assert Point(1, 2) == Point(1, 2)\nassert Point(1, 2) != Point(2, 1)\nassert Point(1, 2).x == 1",
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n    y: int",
        "class Point:\n    def __init__(self, x, y): self.x, self.y = x, y",
        "from collections import namedtuple\nPoint = namedtuple('Point', 'x y')",
    ),
    **posed(
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
    **posed(
        "a data type as an argument",
        "assert f([1, 'a', 2.0, 'b', True], str) == ['a', 'b']\nassert f([1, 'a'], int) == [1]\nassert f((1, [2]), list) == [[2]]",
        "def f(x, t): return [e for e in x if isinstance(e, t)]",
        "def f(x, t): return [e for e in x if type(e) is t]",
        "def f(x, t): return [e for e in x if not isinstance(e, t)]",
    ),
    **posed(
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
    **posed(
        "groups",
        "g = f(['ab', 'a', 'ba'])\nassert g[2] == ['ab', 'ba']\nassert dict(g) == {2: ['ab', 'ba'], 1: ['a']}\nassert sorted(g) == [1, 2]\n"
        "assert g.get(7) is None\nassert sorted(map(len, g.values())) == [1, 2]\nassert sorted(g.items()) == [(1, ['a']), (2, ['ab', 'ba'])]",
        "from collections import defaultdict\ndef f(w):\n    d = defaultdict(list)\n    for x in w: d[len(x)].append(x)\n    return d",
        "def f(w):\n    d = {}\n    for x in w: d.setdefault(len(x), []).append(x)\n    return d",
        "from itertools import groupby\ndef f(w): return {k: list(g) for k, g in groupby(sorted(w, key=len), len)}",
        "from itertools import groupby\ndef f(w): return {k: list(g) for k, g in groupby(w, len)}",
    ),
    **posed(
        "an enumeration",
        "assert Color.RED.value == 1\nassert Color(2) is Color.BLUE\nassert Color['RED'] == Color.RED\nassert [c.name for c in Color] == ['RED', 'BLUE']\n"
        "assert f(Color.RED) == Color.BLUE",
        "from enum import Enum\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\ndef f(c): return Color.BLUE if c is Color.RED else Color.RED",
        "from enum import Enum\nclass Color(Enum):\n    RED = 1\n    BLUE = 3\ndef f(c): return Color.BLUE",
    ),
    **posed(
        "a tree",
        "t = Tree(2, Tree(1), Tree(3))\nassert f(t) == [1, 2, 3]\nassert f(None) == []\nassert f(Tree(5)) == [5]",
        "class Tree:\n    def __init__(self, v, l=None, r=None): self.v, self.l, self.r = v, l, r\n"
        "def f(t): return f(t.l) + [t.v] + f(t.r) if t else []",
        "class Tree:\n    def __init__(self, v, l=None, r=None): self.v, self.l, self.r = v, l, r\n"
        "def f(t): return [t.v] + f(t.l) + f(t.r) if t else []",
    ),
    **posed(
        "a tree of the tests",
        "class Tree:\n    def __init__(self, v, l=None, r=None): self.v, self.l, self.r = v, l, r\n"
        "assert f({'v': 1, 'l': None}) == 1\nassert f({'v': 2, 'l': {'v': 5, 'l': None}}) == 7",
        "def f(t): return t['v'] + (f(t['l']) if t['l'] else 0)",
        "def f(t): return t['v']",
    ),
    **posed(
        "a queue",
        "q = f(2)\nq.append(1)\nq.append(2)\nq.append(3)\nassert list(q) == [2, 3]\nassert q[0] == 2 and len(q) == 2\nassert q.popleft() == 2",
        "from collections import deque\ndef f(n): return deque(maxlen=n)",
        "from collections import deque\ndef f(n): return deque()",
    ),
    **posed(
        "a heap",
        "import heapq\nh = f([3, 1, 2])\nassert heapq.heappop(h) == 1\nassert heapq.heappop(h) == 2\nheapq.heappush(h, 0)\nassert h[0] == 0",
        "import heapq\ndef f(x):\n    h = list(x)\n    heapq.heapify(h)\n    return h",
        "def f(x): return list(x)",
    ),
    **posed(
        "the truth of an object",
        "s = Stack()\nassert not s\ns.push(1)\nassert s\nassert bool(s) is True\nassert f(s) and not f(Stack())",
        "class Stack:\n    def __init__(self): self.n = 0\n    def push(self, x): self.n += 1\n"
        "    def __len__(self): return self.n\ndef f(s): return s",
        "class Stack:\n    def __init__(self): self.n = 0\n    def push(self, x): self.n += 1\n"
        "    def __bool__(self): return self.n > 0\ndef f(s): return bool(s)",
        "class Stack:\n    def push(self, x): pass\ndef f(s): return True",
        "class Stack:\n    def push(self, x): pass\n    def __len__(self): return -1\ndef f(s): return True",
    ),
    **posed(
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
    **posed(
        "what a function and an object are called",
        "assert f.__doc__ == 'Double.'\nassert f.__name__ == 'f'\na = A()\nassert type(a).__name__ == 'A'\n"
        "assert a.__class__.__name__ == 'A'\nassert isinstance(a, A)\nassert eval('f(3)') == 6",
        "class A: pass\ndef f(x):\n    'Double.'\n    return 2 * x",
        "class A: pass\ndef f(x): return 2 * x",
        "class B: pass\nA = B\ndef f(x):\n    'Double.'\n    return 2 * x",
    ),
    **posed(
        "an array of bits",
        "assert f(5) == '101'\nassert f(5) == bin(5)[2:]\nassert int(f(255), 2) == 255\nassert isinstance(f(1), str)",
        "def f(n): return bin(n)[2:]",
        "def f(n): return bin(n)",
        "def f(n): return format(n, 'b')",
    ),
}
