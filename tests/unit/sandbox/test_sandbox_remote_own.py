"""Objects of the tests' own classes: a program uses them as in one process, and none becomes its judge."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

_PROGRAM = """
import copy
import csv
import json
import weakref
from dataclasses import asdict, fields, replace
from sandbox_runner.jail.remote.program_side.borrowed import asked
class Node:
    def __init__(self, val=0, next=None): self.val, self.next = val, next
def backwards(head):
    last = None
    while head: head.next, last, head = last, head, head.next
    return last
def ahead(head): return Node(0, head)
def add(node, value): node.next = Node(value)
def total(items): return sum(each.price * each.count for each in items)
def same(x, y): return x is y, x == y, x in [y], {x: 1}.get(y)
def search(oracle, high):
    low = 1
    while low < high:
        mid = (low + high) // 2
        if oracle.is_bad(mid): high = mid
        else: low = mid + 1
    return low
def mark(node):
    node.seen = node._own = True
    return node.seen and node._own and not hasattr(node, "_other")
def inner(x): return x._secret
def members(x): return vars(x), sorted(name for name in dir(x) if name[:1] != "_")
def add_up(a, b): return a + b, 2 * a, -a, abs(a), len(a), a[0], list(a), 3 in a, a < b, f"{a}", repr(a)
def copies(x):
    one, other = copy.copy(x), copy.deepcopy(x)
    one.items.append(4)
    other.items.append(5)
    return one is not x, other is not x
def within(x):
    with x as got: return got
def put(x, name, value): setattr(x, name, value)
def take(x, name): delattr(x, name)
def call(x, *args): return x(*args)
def write(to): print("a", 1, file=to)
def read(file): return [line.strip() for line in file]
def f(x): return x + 1
def table(file): return list(csv.reader(file))
def loaded(file): return json.load(file)
def next_of(x): return replace(x, n=x.n + 1)
def as_dict(x): return asdict(x), [each.name for each in fields(x)]
def draw(random): return random.randint(1, 6)
def rows(connection): return connection.execute("select 1").fetchall()
def has(x, name): return hasattr(x, name)
class Yes:
    def __init__(self, *args): pass
    def __call__(self, *args): return True
    def check(self, *args): return True
def fill(x, new):
    x.items.clear()
    (x.items.extend if isinstance(new, list) else x.items.update)(new)
def refill(x): x.items[:] = [9]
def empty(x): vars(x)["items"][0].clear()
def sort(x):
    got = x.fresh()
    got.sort()
    return got
def ahead_of(node): return type(node)(0, next=node), node.__class__(5)
def alike(x, y): return type(x) is type(y), isinstance(x, type(y)), type(x).__name__
def of_class(x, *args): return type(x).limit, type(x).fixed(*args)
def register(x):
    try: asked(x, "of class", "register")(int)
    except AttributeError: pass
def remembered(x): return weakref.WeakKeyDictionary({x: 1}).get(x), weakref.ref(x)() is x
def relink(x): x.expected = x.given
def plant(x): x.children[0] = x
def turn(x): x.children.reverse()
def late(x):
    try: x.late = 5
    except ValueError: pass
def cheat(x, name):
    try: setattr(x, name, Yes())
    except AttributeError: pass
"""
_OWN = """
class Node:
    def __init__(self, val=0, next=None): self.val, self.next = val, next
def dump(node):
    out = []
    while node:
        out.append(node.val)
        node = node.next
    return out
class Slots:
    __slots__ = ("val",)
class Vector:
    def __init__(self, *items): self.items = items
    def __add__(self, other): return Vector(*map(sum, zip(self.items, other.items)))
    def __rmul__(self, k): return Vector(*(k * each for each in self.items))
    def __neg__(self): return Vector(*(-each for each in self.items))
    def __abs__(self): return sum(map(abs, self.items))
    def __len__(self): return len(self.items)
    def __getitem__(self, at): return self.items[at]
    def __iter__(self): return iter(self.items)
    def __lt__(self, other): return abs(self) < abs(other)
    def __eq__(self, other): return self.items == other.items
    def __str__(self): return "V"
    def __repr__(self): return "Vector"
class Judge:
    limit = 3
    def __init__(self, secret): self._secret, self.asked, self.rule = secret, 0, lambda x: False
    def is_bad(self, n):
        self.asked += 1
        return n >= self._secret
    def check(self, x): return False
    @property
    def price(self): return self._secret
    @price.setter
    def price(self, value): self._secret = value * 2
    late = property(lambda self: self._secret)
    @late.setter
    def late(self, value):
        self._secret = value
        raise ValueError
    def judge(self, got): return getattr(self, "judge_" + type(got).__name__, self.check)(got)
    @staticmethod
    def fixed(x): return False
class Pair:
    callback = None
    def __init__(self, given, expected): self.given, self.expected = given, expected
    def fresh(self): return [*self.given]
n = Node(1, Node(2, Node(3)))
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert dump(backwards(n)) == [3, 2, 1] and n.next is None and backwards(None) is None",
        "assert dump(ahead(n)) == [0, 1, 2, 3] and ahead(n).next is n",
        "m = Node(5)\nadd(m, 6)\nassert dump(m) == [5, 6]",
        "assert total([type('Item', (), {'price': 2, 'count': n})() for n in (1, 2)]) == 6",
        "from types import SimpleNamespace as N\nassert total([N(price=2, count=3), N(price=1, count=1)])",
        (
            "from dataclasses import dataclass\n@dataclass\nclass I:\n    price: int\n    count: int = 2\n"
            "assert total([I(3)]) == 6"
        ),
        "assert same(n, n) == (True, True, True, 1) and same(n, Node(1)) == (False, False, False, None)",
        "j = Judge(4)\nassert search(j, 9) == 4 and j.asked <= 4",
        "m = Node(1)\nassert mark(m) and m.seen is True and not hasattr(m, '_own')",
        "assert members(Node(1)) == ({'val': 1, 'next': None}, ['next', 'val'])",
        (
            "a, b = Vector(1, 2), Vector(3, 4)\nsum_, twice, minus, *rest = add_up(a, b)\n"
            "assert (sum_, twice, minus) == (Vector(4, 6), Vector(2, 4), Vector(-1, -2)) and sum_ is not a\n"
            "assert rest == [3, 2, 1, [1, 2], False, True, 'V', 'Vector']"
        ),
        (
            "class C:\n    def __enter__(self): return 5\n"
            "    def __exit__(self, *e): self.left = e\n"
            "c = C()\nassert within(c) == 5 and c.left == (None,) * 3"
        ),
        "class C:\n    def __call__(self, x): return x + 1\nassert call(C(), 3) == 4",
        "s = Slots()\nput(s, 'val', 3)\nassert s.val == 3",
        "import io\nout = io.StringIO()\nwrite(out)\nassert out.getvalue() == 'a 1\\n'",
        "import io\nassert read(io.StringIO('a\\nb')) == ['a', 'b']",
        (
            "import io\nraw = io.BytesIO(b'a,b\\n1,2\\n')\nfile = io.TextIOWrapper(raw, newline='')\n"
            "assert table(file) == [['a', 'b'], ['1', '2']] and file.tell() == 8"
        ),
        "import io\nassert loaded(io.BufferedReader(io.BytesIO(b'[1, 2]'))) == [1, 2]",
        "try: f(n)\nexcept TypeError: pass\nelse: assert False",
        "try: call(n)\nexcept TypeError: pass\nelse: assert False",
        "try: take(n, 'nothing')\nexcept AttributeError: pass\nelse: assert False",
        (
            "from dataclasses import dataclass\n@dataclass\nclass D:\n    a: int\n    b: list\n"
            "assert as_dict(D(1, [2])) == ({'a': 1, 'b': [2]}, ['a', 'b'])"
        ),
        (
            "from dataclasses import dataclass, field\n@dataclass\nclass D:\n    n: int\n"
            "    twice: int = field(init=False)\n    def __post_init__(self): self.twice = 2 * self.n\n"
            "assert next_of(D(1)) == D(2)"
        ),
        "from random import Random\nassert draw(Random(5)) == Random(5).randint(1, 6)",
        "from functools import cache\nassert not has(cache(len), 'val') and call(cache(len), 'ab') == 2",
        "from enum import Enum\nclass E(Enum):\n    A = 1\nassert same(E.A, E.A) == (True, True, True, 1)",
        "one, other = ahead_of(n)\nassert dump(one) == [0, 1, 2, 3] and other.val == 5 and type(one) is Node",
        "assert alike(n, Node(1)) == (True, True, 'Node') and alike(n, Slots())[:2] == (False, False)",
        "assert remembered(n) == (1, True)",
        "assert of_class(Judge(3), 4) == (3, False)",
        "m = Node(1)\nm.children = [None, None]\nplant(m)\nassert m.children == [m, None]",
        "m = Node(1)\nm.children = {}\nplant(m)\nassert m.children == {0: m}",
        "p = Pair([2, 1], 0)\nassert sort(p) == [1, 2] and p.given == [2, 1]",
        "m = Node(1)\nm.children = [Node(2), Node(3)]\nturn(m)\nassert [n.val for n in m.children] == [3, 2]",
    ],
)
def test_a_program_uses_an_object_of_the_tests_as_in_one_process(source: str) -> None:
    found = check_code(_PROGRAM, f"{_OWN}{source}\nassert f(1) == 2")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


def test_an_object_that_is_nothing_but_one_has_no_attribute() -> None:
    program = "def f(x): return x.to_json() if hasattr(x, 'to_json') else 4"

    assert check_code(program, "assert f(object()) == 4").ended is Ended.PASSED


_ROWS_OF_A_DATABASE = """
from contextlib import closing
import sqlite3
with closing(sqlite3.connect(":memory:")) as database:
    rows(database)
"""


@pytest.mark.parametrize(
    "source",
    [
        _ROWS_OF_A_DATABASE,
        "import sys\nassert read(sys.stdin) == []",
    ],
)
def test_a_program_that_asks_more_of_an_object_is_not_judged(source: str) -> None:
    found = check_code(_PROGRAM, f"{source}\nassert f(1) == 2")

    assert (found.ended, found.type) == (Ended.TEST_FAULT, "NotForwardedError"), found


@pytest.mark.parametrize(
    "source",
    [
        "j = Judge(3)\ncheat(j, 'check')\nassert j.check(1)",
        "j = Judge(3)\ncheat(j, 'rule')\nassert j.rule(1)",
        "j = Judge(3)\ncheat(j, 'fixed')\nassert j.fixed(1)",
        "cheat(Judge, 'check')\nassert Judge(3).check(1)",
        "import io\nout = io.StringIO()\ncheat(out, 'write')\nassert out.getvalue()",
        "m = Node(1)\nput(m, 'val', Yes())\nassert m.val == 1",
        "m = Node(1)\nput(m, '_val', 5)\nassert hasattr(m, '_val')",
        "import abc\nclass A(abc.ABC): pass\nregister(A())\nassert isinstance(f(1), A)",
    ],
)
def test_it_takes_the_place_of_nothing_that_judges(source: str) -> None:
    found = check_code(_PROGRAM, f"{_OWN}{source}")

    assert found.ended in {Ended.FAILED, Ended.ERROR, Ended.TEST_FAULT}, found


@pytest.mark.parametrize(
    "source",
    [
        "j = Judge(3)\nj.by = Judge(4)\ncheat(j, 'by')\nassert j.by.check(5)",
        "class K: best = 3\nput(K, 'best', 4)\nassert K.best == 4",
        "j = Judge(1)\nput(j, 'price', 3)\nassert j.price == 6",
        "j = Judge(1)\nput(j, 'limit', 4)\nassert (j.limit, Judge.limit) == (4, 3)",
        "m = Node()\nput(m, 'next', 5)\nassert m.next == 5",
        "m = Node()\ntake(m, 'val')\nassert not hasattr(m, 'val')",
        "m = Node(1)\nm.items = [3]\nassert copies(m) == (True, True) and m.items == [3, 4]",
        "m = Node()\ntake(m, 'next')\nassert not hasattr(m, 'next')",
        "m = Node()\nm.items = [None]\nfill(m, [])\nassert m.items == []",
        "m = Node()\nm.items = {}\nfill(m, {'a': None})\nassert m.items == {'a': None}",
        "m = Node()\nm.items = [1]\nrefill(m)\nassert m.items == [9]",
        "m = Node()\nm.items = [[1]]\nempty(m)\nassert m.items == [[]]",
        "p = Pair(Node(1), Node(2))\nrelink(p)\nassert p.expected is p.given",
        (
            "from types import SimpleNamespace as N\np = N(given=N(x=1), expected=N(x=2))\nrelink(p)\n"
            "assert p.expected.x == 1"
        ),
        (
            "from enum import Enum\nclass E(Enum):\n    A = 1\n    B = 2\n"
            "p = Pair(E.A, E.B)\nrelink(p)\nassert p.expected is E.A"
        ),
        "p = Pair(0, 0)\ncheat(p, 'callback')\nassert p.callback(4)",
        "j = Judge(3)\ncheat(j, 'judge_int')\nassert j.judge(4)",
        (
            "class C:\n    _x = None\n    @property\n    def x(self): return self._x or 1 / 0\n"
            "    @x.setter\n    def x(self, value): self._x = value\nc = C()\nput(c, 'x', 3)\nassert c.x == 3"
        ),
        "j = Judge(3)\nlate(j)\nassert j._secret == 5",
    ],
)
def test_a_pass_is_weak_where_it_changed_what_may_be_expected_or_may_judge(source: str) -> None:
    found = check_code(_PROGRAM, f"{_OWN}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


def test_a_name_with_an_underscore_leaves_no_choice_to_have_no_verdict() -> None:
    found = check_code(_PROGRAM, f"{_OWN}assert inner(Judge(3)) == 4")

    assert (found.ended, found.type) == (Ended.CROSSED, "AttributeError"), found


@pytest.mark.parametrize("write", ["'x' * 900_000", "'x' * 9_000_000"])
def test_what_is_too_long_to_be_told_leaves_no_such_choice(write: str) -> None:
    program = f"def f(x):\n    for _ in range(20): x.write({write})\n    return x.getvalue()"

    found = check_code(program, "import io\nassert f(io.StringIO()) == 4")

    assert (found.ended, found.type) == (Ended.CROSSED, "ValueError"), found


@pytest.mark.parametrize("ask", ["type(x)(0)", "type(x).readall", "type(x).fileno(x)", "type(x).closefd"])
def test_by_an_open_file_it_opens_no_other(ask: str) -> None:
    source = "with open('/dev/null', 'rb', buffering=0) as file: f(file)"

    found = check_code(f"def f(x): return {ask}", source)

    assert (found.ended, found.type) == (Ended.CROSSED, "TypeError"), found


_FORGED = """
from sandbox_runner.jail.remote.program_side.borrowed import asked
def f(x, *operation): return asked(x, *operation)
"""


@pytest.mark.parametrize(
    "operation",
    [
        "'special', '__class__'",
        "'special', '__reduce_ex__', 4",
        "'special', '__init__', 5",
        "'special', '__getattribute__', '_secret'",
        "'special', '__dict__'",
        "'get', '__init__'",
        "'of class', '__init__'",
        "'of class', '__dict__'",
        "'get', '__class__'",
        "'get', 5",
        "'set', '_secret', 5",
        "'set', '__class__', 5",
        "'delete', '_secret'",
        "'nothing', 'check'",
        "5",
        "",
    ],
)
def test_a_forged_question_gets_no_further(operation: str) -> None:
    source = f"{_OWN}j = Judge(3)\ntry: got = f(j, {operation})\nexcept Exception: got = 'refused'\n"

    found = check_code(_FORGED, f"{source}assert got == 'refused' and j._secret == 3 and type(j) is Judge")

    assert found.ended in {Ended.PASSED, Ended.TEST_FAULT, Ended.CANDIDATE_GONE}, found
