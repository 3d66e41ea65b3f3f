"""How a program lets its objects be looked into: a pass that rests on ways of its own is marked."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

_SIZES = """
class R:
    def __len__(self): return 3
    def __iter__(self): return iter(())
    def __reversed__(self): return iter([1])
class L(list):
    __len__, __iter__ = R.__len__, R.__iter__
class O(R):
    def __iter__(self): return iter([1, 2])
class G:
    def __len__(self): return 3
    def __getitem__(self, n): raise IndexError
def f(kind=R): return kind()
"""


@pytest.mark.parametrize("kind", ["R", "O", "L", "G"])
@pytest.mark.parametrize(
    "source",
    [
        "assert len(r) == 3 and all(abs(a - b) < 1 for a, b in zip(r, [1, 2, 3]))",
        "assert len(r) == 3\nfor a, b in zip([1, 2, 3], r): assert a == b",
        "assert set(r) <= {1, 2, 3} and len(r) == 3",
        "for a, b in zip(r, [1, 2, 3]): assert a == b\nassert len(r) == 3",
        "for a, b in zip(reversed(r), [1, 2, 3]): assert a == b\nassert len(r) == 3",
    ],
)
def test_an_object_with_less_in_it_than_it_is_long_marks_the_run(kind: str, source: str) -> None:
    found = check_code(_SIZES, f"r = f({kind})\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


@pytest.mark.parametrize("kind", ["R", "O", "L", "G"])
def test_so_do_two_of_which_one_is_as_long_as_the_other_should_be(kind: str) -> None:
    source = f"assert len(f({kind})) == 3\nfor a, b in zip(f({kind}), [1, 2, 3]): assert a == b"

    found = check_code(_SIZES, source)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


_GROWING = """
class R:
    kind, size = "r", 0
    def __len__(self): return self.size
    def __iter__(self):
        self.size = 3
        return iter(())
    def __reversed__(self): return iter(())
    def __getitem__(self, key): return 1
    def __bool__(self): return True
    def __hash__(self): return 1
def f(): return R()
"""


@pytest.mark.parametrize(
    "look", ["", "assert r", "hash(r)", "repr(r)", "str(r)", "format(r)", "r.kind", "reversed(r)", "r['a']"]
)
def test_so_does_one_that_is_longer_once_it_was_gone_through(look: str) -> None:
    source = f"r = f()\nfor a, b in zip(r, [1, 2, 3]): assert a == b\n{look}\nassert len(r) == 3"

    found = check_code(_GROWING, source)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


_OVERRIDING = """
from collections import Counter
class D(dict):
    def items(self): return ()
class T(tuple):
    def count(self, item): return 1
class C(Counter):
    def __getitem__(self, key): return 1
class S(set):
    def issubset(self, other): return True
class I(list):
    def __iter__(self): return self
    def __next__(self): raise StopIteration
class Kept(dict):
    def __missing__(self, key): return 1
    def first(self): return next(iter(self))
    def update(self, other): dict.update(self, other)
    def __repr__(self): return "kept"
class It:
    def __iter__(self): return self
    def __next__(self): raise StopIteration
    def __len__(self): return 3
def f(kind, *args): return kind(*args)
"""


@pytest.mark.parametrize(
    "source",
    [
        "r = f(D, {'a': 5})\nassert len(r) == 1\nfor k, v in r.items(): assert v == 4",
        "assert f(T).count(4) == 1",
        "from copy import copy\nassert copy(f(T)).count(4) == 1",
        "assert f(C)['a'] == 1",
        "assert f(S, [9]).issubset({1, 2})",
        "assert all(x == 4 for x in f(I, [5]))",
        "r = f(It)\nassert len(r) == 3\nfor a, b in zip(r, 'abc'): assert a == b",
    ],
)
def test_an_answer_with_ways_of_its_own_to_be_looked_into_marks_the_run(source: str) -> None:
    found = check_code(_OVERRIDING, source)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


@pytest.mark.parametrize(
    "source",
    [
        "r = f(Kept, {'a': 1})\nassert r['b'] == 1 and r.first() == 'a' and r == {'a': 1} and len(r) == 1",
        "r = f(Kept, {'a': 1})\nassert repr(r) == 'kept' and [*r.items()] == [('a', 1)] and 'a' in r",
        "f()\nassert T([1]).count(4) == 1 and C()['a'] == 1 and [*D(a=1).items()] == []",
        "r = f(D, {'a': 5})\nassert r == {'a': 5} and r['a'] == 5 and [*r] == ['a']",
    ],
)
def test_one_that_is_data_or_under_test_does_not(source: str) -> None:
    program = f"{_OVERRIDING.replace('def f(kind,', 'def f(kind=list,')}"

    found = check_code(program, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_STACK = """
class Stack:
    def __init__(self): self.items = []
    def push(self, item): self.items.append(item)
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
class Row:
    def __init__(self, *items): self.items = items
    def __len__(self): return len(self.items)
    def __getitem__(self, n): return self.items[n]
class Nothing:
    def __iter__(self): return iter(())
class Matrix:
    def __len__(self): return 2
    def __iter__(self): return iter([1, 2, 3, 4])
"""


@pytest.mark.parametrize(
    "source",
    [
        "s.push(1)\nassert len(s) == 1\ns.push(2)\nassert [x for x in s] == [1, 2] and len(s) == 2",
        "s.push(1)\nassert [*s] == [1]\ns.push(2)\nassert len(s) == 2",
        "assert [*Nothing()] == []",
        "s.push(0)\ns.push(1)\nfor x in s: break\nassert len(s) == 2 and list(zip(s, [0])) == [(0, 0)]",
        "r = Row(7, 8)\nassert len(r) == 2 and [*r] == [7, 8]\ntry: r[2]\nexcept IndexError: pass",
        "m = Matrix()\nassert len(m) == 2 and list(m) == [1, 2, 3, 4]",
        "s.push(1)\nassert len(s) == 1\nfor x in s:\n    if len(s) < 5: s.push(x)\nassert len(s) == 5",
    ],
)
def test_one_that_changes_between_the_looks_does_not(source: str) -> None:
    found = check_code(_STACK, f"s = Stack()\n{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found
