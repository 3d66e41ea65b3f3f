"""Operators of the program's classes: answered for an object under test, never for an answer."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

_PROGRAM = """
from enum import Enum
class Color(Enum):
    RED = "red"
class Vector:
    def __init__(self, x, y): self.x, self.y = x, y
    def __add__(self, other): return Vector(self.x + other.x, self.y + other.y)
    def __sub__(self, other): return Vector(self.x - other.x, self.y - other.y)
    def __mul__(self, k): return Vector(self.x * k, self.y * k)
    __rmul__ = __mul__
    def __matmul__(self, other): return self.x * other.x + self.y * other.y
    def __radd__(self, none): return self
    def __neg__(self): return Vector(-self.x, -self.y)
    def __abs__(self): return (self.x ** 2 + self.y ** 2) ** 0.5
    def __eq__(self, other): return (self.x, self.y) == (other.x, other.y)
    def __lt__(self, other): return abs(self) < abs(other)
    def __contains__(self, item): return item in (self.x, self.y)
    def __float__(self): return abs(self)
    def __int__(self): return self.x
    def __index__(self): return self.x
    def __round__(self, n=0): return round(abs(self), n)
    def __ior__(self, k): self.x |= k; return self
    def itself(self): return self
    def parts(self): return [self]
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert (a + b).x == 4 and (b - a).y == 2 and (a * 2).x == 2 and (2 * a).y == 4 and a @ b == 11",
        "assert a + b == Vector(4, 6)",
        "assert a < b and not b < a and sorted([b, a])[0].x == 1 and max(a, b).x == 3",
        "assert 1 in a and 9 not in a",
        "c = a\nc |= 4\nc |= 8\nassert c is a and a.x == 13 and 13 in a",
        "c = a\nc += b\nassert c is not a and c.x == 4 and a.x == 1",
        "assert ((a + b) + a).x == 5 and (a + (b - a) * 2).y == 6 and a < a + b and 4 in a + b",
        "assert sum([a, b, a]).x == 5 and sum([a, b], a) == Vector(5, 8)",
        "c = a + b\nc += a\nc |= 8\nassert c.x == 13",
    ],
)
def test_operators_of_an_object_that_the_tests_made_are_answered_and_mark_the_run(source: str) -> None:
    found = check_code(_PROGRAM, f"a, b = Vector(1, 2), Vector(3, 4)\n{source}", None)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


@pytest.mark.parametrize(
    "source",
    [
        "assert abs(Vector(3, 4)) == 5 and (-a).x == -1 and round(Vector(3, 4)) == 5",
        "assert abs(-Vector(3, 4)) == 5 and (--a).x == 1",
        "assert float(Vector(3, 4)) == 5.0 and int(a) == 1 and [5, 6][a] == 6",
        "import enum as e\nassert isinstance(Color.RED, e.Enum) and not isinstance(Color.RED, e.IntEnum)",
        "from enum import Enum\nassert isinstance(Color.RED, Color) and not isinstance(a, Enum)",
    ],
)
def test_one_operand_tells_nothing(source: str) -> None:
    found = check_code(_PROGRAM, f"a = Vector(1, 2)\n{source}", None)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


_OTHERS = """
from enum import Flag, auto
class May(Flag):
    READ = auto()
    WRITE = auto()
    RUN = auto()
class Card:
    def __init__(self, n): self.n = n
    def __lt__(self, other): return self.n < other.n
    def __add__(self, other): return Card(self.n + other.n)
class Deck:
    def __init__(self, *numbers): self.cards = [Card(n) for n in numbers]
    def __iter__(self): return iter(self.cards)
class Total:
    def __init__(self): self.n, self.seen = 0, []
    def __iadd__(self, n): self.n += n; self.seen.append(n); return self
class Big(int):
    def __add__(self, other): return Big(int(self) + int(other))
    def __rsub__(self, other): return Big(other - int(self))
    def digits(self): return [*map(int, str(int(self)))]
    def __lt__(self, other): return int(self) > int(other)
class Names(dict):
    def __contains__(self, name): return dict.__contains__(self, name.lower())
class Stack(list):
    def top(self): return self[-1]
class Ring(tuple):
    def __getitem__(self, n): return tuple.__getitem__(self, n % len(self))
class Heat:
    def __init__(self, c): self.c = c
    @classmethod
    def of(cls, f): return cls((f - 32) * 5 / 9)
    def __float__(self): return float(self.c)
    def __int__(self): return int(self.c)
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert (May.READ | May.WRITE).value == 3 and May.READ in May.READ | May.RUN",
        "assert May.WRITE & (May.READ | May.WRITE) == May.WRITE and (May.READ ^ May.READ).value == 0",
        "assert [c.n for c in sorted(Deck(3, 1, 2))] == [1, 2, 3] and max(Deck(3, 9)).n == 9",
        "one, two = Deck(1, 2)\nassert one < two and (one + two).n == 3",
        "t = Total()\nt += 3\nt += 4\nassert t.n == 7 and t.seen == [3, 4]",
        "assert (Big(5) + 8).digits() == [1, 3] and (15 - Big(5)).digits() == [1, 0]",
        "assert [*map(int, sorted([Big(1), Big(2)]))] == [2, 1]",
        "assert 'A' in Names(a=1) and 'b' not in Names(a=1)",
        "s = kept = Stack([1])\ns += [2]\nassert s is kept and s.top() == 2 and s == [1, 2]",
    ],
)
def test_two_of_the_program_and_own_ways_are_answered_and_mark_the_run(source: str) -> None:
    found = check_code(_OTHERS, source, None)

    assert (found.ended, found.weak) == (Ended.PASSED, True), found


@pytest.mark.parametrize(
    "source",
    [
        "assert Big(7) % 4 == 3 and Big(7) * 2 == 14 and Big(7) == 7",
        "assert float(Heat.of(212)) == 100.0 and int(Heat.of(212)) == 100",
        "assert Stack([1]) + [2] == [1, 2] and 1 in Stack([1])",
        "assert Ring((1, 2, 3))[4] == 2",
    ],
)
def test_what_is_data_by_then_marks_no_run(source: str) -> None:
    found = check_code(_OTHERS, source, None)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@pytest.mark.parametrize("source", ["assert f(3) < f(4)", "assert f(3) - f(2) == 1", "assert f(1) in f(2)"])
def test_where_no_class_is_under_test_two_answers_are_not_compared(source: str) -> None:
    found = check_code(_CHEAT, source, None)

    assert found.ended is not Ended.PASSED, found


_CHEAT = """
class Yes:
    def __new__(cls, *args):
        global one
        one = globals().get("one") or object.__new__(cls)
        return one
    def answer(self, *args): return self
    def parts(self): return [self]
    def close(self, *args): return 0.0
    __isub__ = __imul__ = close
    __invert__ = answer
    __sub__ = __rsub__ = __add__ = __mul__ = __rmul__ = __truediv__ = __mod__ = __abs__ = close
    def always(self, *args): return True
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __contains__ = always
    __hash__ = None
    def __enter__(self): return self
    def __exit__(self, *error): return False
    @property
    def value(self): return self
def f(x): return Yes()
def Make(x): return Yes()
"""


@pytest.mark.parametrize(
    "tests",
    [
        "assert abs({} - 4) < 1e-6",
        "assert abs(4 - {}) <= 1e-6",
        "assert {} < 5",
        "assert {} > 3",
        "assert 3 in {}",
        "assert {} * 2 == 8",
        "assert {} % 2 == 0",
        "assert abs({}) == 0",
        "assert {} == 4",
        "assert {} + 0 == 4",
        "got = {}\ngot -= 4\nassert abs(got) < 1",
        "got = {}\ngot *= 2\nassert got == 8",
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        *("f(3)", "Yes().answer(3)", "Yes().value", "Yes().parts()[0]", "Make(3)", "[*map(f, [3])][0]"),
        "s.answer(3)",
        "(~s).answer(3)",
        "(~s, f(3))[1]",
    ],
)
def test_what_the_program_answers_has_no_operators(tests: str, answer: str) -> None:
    """Not even where the answer is an object that the tests made, before or since."""
    source = f"s = Yes()\nwith Yes() as got: pass\ngot = {answer}\nYes()\n{tests.format('got')}"

    found = check_code(_CHEAT, source, None)

    assert found.ended is not Ended.PASSED, found


_MONEY = """
class Money:
    def __init__(self, n): self.n = n
    def __eq__(self, other): return self.n == (other.n if isinstance(other, Money) else other)
    def __add__(self, other): return Money(self.n + other.n)
class Node:
    def __init__(self, n): self.n = n
def pay(n): return Money(n)
def kept():
    from collections import defaultdict
    return defaultdict(Everything)
def same(n): return Everything()
class Everything:
    def __eq__(self, other): return True
"""


@pytest.mark.parametrize(
    ("source", "ended", "weak"),
    [
        ("assert Money(2) == 2 and 3 != Money(2) and Money(1) + Money(2) == 3", Ended.PASSED, True),
        ("assert Money(2) == 3", Ended.FAILED, True),
        ("assert Node(2) != 2 and Node(3).n == 3 and Money(1) != None", Ended.PASSED, False),
        ("assert pay(2) == 2", Ended.FAILED, False),
        ("assert kept()['a'] == 4", Ended.FAILED, False),
        ("assert same(2) == 2 or same(3) in (3, 4)", Ended.FAILED, False),
    ],
)
def test_an_object_that_the_tests_made_says_whether_it_equals_data(
    source: str, ended: Ended, weak: bool
) -> None:
    found = check_code(_MONEY, source)

    assert (found.ended, found.weak) == (ended, weak), found


def test_a_listener_is_added_in_place() -> None:
    program = (
        "class Event:\n    def __init__(self): self.all = []\n"
        "    def __iadd__(self, one): self.all.append(one); return self\n"
        "    def __call__(self, x): return [each(x) for each in self.all]\n"
    )

    found = check_code(program, "e, got = Event(), []\ne += got.append\ne += abs\nassert e(-3) == [None, 3]")

    assert (found.ended, found.weak) == (Ended.PASSED, True), found
