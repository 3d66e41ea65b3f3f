"""Named tuples, patterns and loggers of the tests: the program has ones like them, and hands back theirs."""

import pytest

from sandbox_runner.jail.remote.tests_side.findings import Ended
from tests.unit.sandbox.two_sides import check_code

_PROGRAM = """
import logging
def swapped(p): return p._replace(x=p.y, y=p.x), p == (1, 2), isinstance(p, tuple), "%s-%s" % p
def found(pattern, text): return pattern.findall(text)
def of_type(pattern): return type(pattern).__name__, pattern.pattern, pattern.flags
def same(x, y): return x is y
def give(x): return x
def told(logger): return logger.name, isinstance(logger, logging.Logger)
def log(logger): logger.warning("low: %d", 3)
"""


@pytest.mark.parametrize(
    "source",
    [
        (
            "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 2\n"
            "assert swapped(P(1)) == (P(2, 1), True, True, '1-2')"
        ),
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\nassert swapped(P(1, 2))[0].x == 2",
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\np = P(1, 2)\nassert give(p) is p",
        "import re\np = re.compile('[a-z]+', re.I)\nassert found(p, 'aB 1') == ['aB'] and same(p, p)",
        "import re\nassert found(re.compile(b'[0-9]'), b'a1') == [b'1']",
        "import re\nassert of_type(re.compile('a', re.M)) == ('Pattern', 'a', 40)",
        "import re\np = re.compile('a')\nassert give(p) is p and give([p]) == [p] and give({p: 1}) == {p: 1}",
        "import logging\nassert told(logging.getLogger('a.b')) == ('a.b', True) and told(logging.root)[1]",
        "import logging\nassert give(logging.getLogger('a')) is logging.getLogger('a')",
        (
            "import logging, unittest\nwith unittest.TestCase().assertLogs('app') as seen: "
            "log(logging.getLogger('app'))\nassert seen.output == ['WARNING:app:low: 3']"
        ),
    ],
)
def test_the_program_has_one_like_it(source: str) -> None:
    found = check_code(_PROGRAM, source)

    assert (found.ended, found.weak) == (Ended.PASSED, False), found


@pytest.mark.parametrize(
    "source",
    [
        "import logging\nclass L(logging.Logger): pass\ntold(L('a'))",
        "import logging\ntold(logging.Logger('a'))",
        "from typing import NamedTuple as N\nclass P(N):\n    x: int\n    def go(s): 1\nswapped(P(1))",
    ],
)
def test_what_is_more_than_that_can_only_be_kept(source: str) -> None:
    found = check_code(_PROGRAM, source)

    assert (found.ended, found.type) == (Ended.TEST_FAULT, "NotForwardedError"), found


_LEVELS = """
from enum import Enum, Flag, IntEnum, IntFlag
class Level(IntEnum):
    LOW = 1
    HIGH = 2
class Word(str, Enum):
    A = "a"
    B = "b"
class Mode(IntFlag):
    R = 4
    W = 2
class Loud(IntEnum):
    ONE = 1
    def shout(self): return "ONE"
"""
_OF_LEVELS = """
def f(x): return x + 1, x == 1, x.name, x.value
def same(x): return x
def kind(x): return type(x).__name__
def last(x): return list(type(x))[-1]
def add(x): return x + 'b'
def both(x, y): return x | y
def largest(items): return max(items)
def total(items): return sum(items)
"""


@pytest.mark.parametrize(
    "source",
    [
        "assert f(Level.LOW) == (2, True, 'LOW', 1) and same(Level.LOW) is Level.LOW",
        "assert last(Level.LOW) is Level.HIGH and type(last(Level.LOW)) is Level",
        "assert kind(Level.LOW) == 'Level' and kind(Word.A) == 'Word'",
        "assert add(Word.A) == 'ab' and last(Word.A) is Word.B and {Word.A: 1}[same(Word.A)] == 1",
        "assert both(Mode.R, Mode.W) is Mode.R | Mode.W and both(Mode.R | Mode.W, Mode.W) == 6",
        "assert largest([Level.LOW, Level.HIGH]) is Level.HIGH and total([Level.LOW, Level.HIGH]) == 3",
        "assert same(Loud.ONE) is Loud.ONE and same([Loud.ONE]) == [1]",
    ],
)
def test_a_member_of_an_enumeration_of_numbers_or_texts_is_one_there_too(source: str) -> None:
    found = check_code(_OF_LEVELS, f"{_LEVELS}{source}")

    assert (found.ended, found.weak) == (Ended.PASSED, False), found
