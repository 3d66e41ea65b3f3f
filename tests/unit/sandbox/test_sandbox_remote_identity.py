"""Lists, dicts and sets on both sides of the socket are the same objects, as in one process."""

from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

PROGRAM = """
import collections

def same(a): return a
def copied(a): return type(a)(a)
def sort_in_place(a):
    a.sort()
    return a
def grow(rows): rows[0].append(9)
def fresh(n): return [n]
def first(rows): return rows[0]
def pair(a): return a, [a]
def boolean(a): a[0] = True
def apply(function, *args): return function(*args)
def fail(a): raise ValueError(a)
def endless():
    a = [1]
    a.append(a)
    return a

_BUFFER = []
def shared(n):
    _BUFFER[:] = [n]
    return _BUFFER
TABLE = {}
def look_up(key): return TABLE[key]

class Stack:
    def __init__(self, items=None): self.items = [] if items is None else items
    def push(self, item): self.items.append(item)
    def pop(self): return self.items.pop()
    def contents(self): return list(self.items)

class Node:
    def __init__(self, value): self.value, self.children, self.tags = value, [], set()
    def count(self): return 1 + sum(each.count() for each in self.children)

class Counting:
    def __init__(self): self.counts = collections.Counter()
    def total(self): return sum(self.counts.values())

class Bell:
    def __init__(self): self.listeners = []
    def on(self, listener): self.listeners.append(listener)
    def off(self, listener): self.listeners.remove(listener)
    def ring(self): return [each() for each in self.listeners]

class Key(tuple): pass
def keyed(): return {Key((1, 2)): [3]}
"""

HONEST = {
    "the argument itself": "a = [2, 1]\nassert sort_in_place(a) is a and a == [1, 2]",
    "a part of the argument": "rows = [[1], [2]]\nassert first(rows) is rows[0]",
    "the argument in an answer": "a = {1}\none, (two,) = pair(a)\nassert one is a and two is a",
    "a copy": "for a in [1], {1: 2}, {1}:\n    b = copied(a)\n    assert b == a and b is not a",
    "a copy that grows": "a = [1, 2]\nb = copied(a)\nb.append(3)\nassert (a, b) == ([1, 2], [1, 2, 3])",
    "a list under two names": "row = [1]\nrows = [row, row]\ngrow(rows)\nassert row == [1, 9] == rows[1]",
    "an attribute that is changed": "s = Stack()\ns.items.append(1)\nassert s.pop() == 1 and s.items == []",
    "an attribute that is one object": "s = Stack()\nassert s.items is s.items",
    "children": "n, m = Node(1), Node(2)\nn.children.append(m)\nassert n.count() == 2 and n.children[0] is m",
    "a set": "n = Node(1)\nn.tags.add('x')\nassert n.tags == {'x'}",
    "a kept argument": "a = [1]\ns = Stack(a)\ns.push(2)\na.append(3)\nassert s.pop() == 3 and a == [1, 2]",
    "a dict of the module": "from solution import TABLE\nTABLE['k'] = [1]\nassert look_up('k') is TABLE['k']",
    "a Counter": "c = Counting()\nc.counts['a'] = 2\nassert c.total() == 2",
    "True for 1": "a = [1]\nboolean(a)\nassert a[0] is True",
    "a callback's argument": "a = []\napply(lambda x: x.append(a is x), a)\nassert a == [True]",
    "a callback's answer": "a = []\nassert apply(lambda: a) is a",
    "a listener": "b, f = Bell(), lambda: 7\nb.on(f)\nassert b.ring() == [7]\nb.off(f)\nassert not b.ring()",
    "an exception's argument": "a = [1]\ntry: fail(a)\nexcept ValueError as e: assert e.args[0] is a",
    "a list that holds itself": "a = endless()\nassert a[1] is a\nassert same(a) is a",
    "a key of a class of the program": "d = keyed()\nassert d == {(1, 2): [3]} and list(d.values()) == [[3]]",
    "an own object": "a, o = [1], object()\ns = Stack(a)\na.append(o)\nassert s.pop() is o and a == [1]",
    "a deep list": "a = []\nfor _ in range(5000): a = [a]\nassert same(a) is a",
}


@pytest.mark.parametrize("name", HONEST)
def test_what_python_says_of_identity_holds(name: str) -> None:
    found = check_code(PROGRAM, HONEST[name], None)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


WRONG = {
    "no copy": "a = [1, 2]\nb = same(a)\nb.append(3)\nassert a == [1, 2]",
    "the same object": "a = [1]\nassert same(a) is not a",
    "the same object in a tuple": "a = [1]\nassert pair(a)[0] is not a",
    "a copy in place of it": "a = [1]\nassert copied(a) is a",
    "one buffer for all answers": "a, b = shared(1), shared(2)\nassert (a, b) == ([1], [2])",
    "no copy of what it was made of": "a = [1]\ns = Stack(a)\na.append(2)\nassert s.contents() == [1]",
    "a list that it lends": "s = Stack([1])\ns.items.clear()\nassert s.contents() == [1]",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_program_that_shares_what_it_should_copy_is_wrong(name: str) -> None:
    found = check_code(PROGRAM, WRONG[name], None)

    assert found.ended is Ended.FAILED, found


def test_what_one_side_no_longer_holds_is_not_kept_for_the_other() -> None:
    source = "before = marks()\nfor n in range(300): same([n, 'a mark'])\nfresh(1)\nassert marks() == before"
    program = PROGRAM + (
        "\nimport gc\ndef marks():\n    gc.collect()\n"
        "    lists = [each for each in gc.get_objects() if type(each) is list and len(each) == 2]\n"
        "    return sum(type(each[1]) is str and each[1] == 'a mark' for each in lists)\n"
    )

    found = check_code(program, source, None)

    assert found.ended is Ended.PASSED, found


_KEEPER = """
KEPT = [[], {0: 0}, {1}]
def all_kept(): return KEPT
def take(k): return KEPT[k]
def put(k, v): KEPT[k] = v
def add(k, v):
    if isinstance(KEPT[k], list): KEPT[k].append(v)
    elif isinstance(KEPT[k], dict): KEPT[k][len(KEPT[k])] = v
def cross(k, m): add(k, KEPT[m])
def swap(k, v):
    KEPT[k], v = v, KEPT[k]
    return v
def copied(v): return v.copy()
def wrapped(v): return (v, [v], {"v": v})
def cleared(k): KEPT[k].clear()
def called(f, k): return f(KEPT[k])
"""
_SHAPES = """
def shape(*values):
    seen, found = {}, []
    def visit(value):
        if isinstance(value, (list, dict, set)):
            if id(value) in seen: return seen[id(value)]
            seen[id(value)] = len(seen)
            mark = [type(value).__name__, len(seen)]
            if isinstance(value, dict): return mark + [[key, visit(each)] for key, each in value.items()]
            return mark + [visit(each) for each in (sorted(value) if isinstance(value, set) else value)]
        return repr(value)
    return [visit(value) for value in values]
def more(v, w):
    if isinstance(v, list): v.append(w)
    elif isinstance(v, dict): v[len(v)] = w
    else: v.add(len(v))
    return w
def inner(v): return next((each for each in v if isinstance(each, (list, dict, set))), v)
a, b, c = [], {}, {2}
"""
_STEPS = (
    "{x} = take({k})", "put({k}, {x})", "add({k}, {x})", "cross({k}, {m})", "{x} = swap({k}, {x})",
    "{x} = copied({y})", "_, ({x},), {y} = wrapped({x})", "cleared({k})", "more({x}, {y})",
    "{x} = inner({y})", "{x} = [{y}, {k}]",
    "{x} = {{{k}: {y}}}", "{x} = {{{k}}}", "{x}.clear()", "more({x}, True)",
    "{x} = called(lambda v: more(v, {y}), {k})", "more(take({k}), {x})",
)  # fmt: skip


@settings(max_examples=75, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda step, x, y, k, m: step.format(x=x, y=y, k=k, m=m),
            st.sampled_from(_STEPS),
            *[st.sampled_from("abc")] * 2,
            *[st.integers(0, 2)] * 2,
        ),
        max_size=12,
    )
)
def test_any_course_of_changes_ends_as_in_one_process(steps: list[str]) -> None:
    course = _SHAPES + "\n".join(steps) + "\nfound = shape(a, b, c, all_kept())\n"
    alone: dict[str, Any] = ModuleType("alone").__dict__
    exec(_KEEPER + course, alone)  # noqa: S102

    found = check_code(_KEEPER, f"{course}assert found == {alone['found']!r}, found", None)

    assert found.ended is Ended.PASSED, found
