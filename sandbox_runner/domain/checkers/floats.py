"""Compare numbers within a tolerance and everything else word by word.

Only ASCII decimal notation is a number. What else `float()` reads (`1_0`, full-width digits, `infinity`,
`nan`) is a word, and a word equals itself alone.
"""

import math
import re
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context
from itertools import zip_longest

from sandbox_runner.domain.checkers.checker import accepted_if
from sandbox_runner.domain.checkers.reading import words
from sandbox_runner.domain.verdict import Outcome

# Possessive, so that a long word that is almost a number is given up at once.
_NUMBER = re.compile(rb"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
_INTEGER = re.compile(rb"([+-]?)0*+([0-9]*+)")
# More digits than a finite float has before its point and behind it; beyond them nothing is computed.
_DECIMAL = Context(prec=800, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A number may differ by the larger of the two."""

    rel: float = 1e-6
    abs: float = 1e-9

    def allows(self, expected: float, distance: float) -> bool:
        return distance <= max(self.abs, self.rel * abs(expected))


def floats(expected: bytes, printed: bytes, tolerance: Tolerance) -> Outcome:
    pairs = zip_longest(words(expected), words(printed), fillvalue=b"")
    return accepted_if(all(_close(wanted, found, tolerance) for wanted, found in pairs))


def _close(expected: bytes, printed: bytes, tolerance: Tolerance) -> bool:
    if expected == printed:
        return True
    if not (_NUMBER.fullmatch(expected) and _NUMBER.fullmatch(printed)):
        return False
    whole = _INTEGER.fullmatch(expected)
    if whole and (other := _INTEGER.fullmatch(printed)):
        return _digits(whole) == _digits(other)
    wanted, found = float(expected), float(printed)
    if not (math.isfinite(wanted) and math.isfinite(found)):
        return False
    if not whole:
        return tolerance.allows(wanted, abs(wanted - found))
    # 998244354.0 is another integer than 998244353, however small the relative error.
    distance = _distance(expected, printed)
    return distance < 0.5 and tolerance.allows(wanted, distance)


def _distance(integer: bytes, number: bytes) -> float:
    """Rounded after the subtraction: from 2**53 on, different integers are the same float."""
    wanted, found = (_DECIMAL.create_decimal(word.decode()) for word in (integer, number))
    return float(_DECIMAL.subtract(wanted, found).copy_abs())


def _digits(integer: re.Match[bytes]) -> tuple[bool, bytes]:
    """Sign and digits without leading zeros: a comparison of any length without big numbers."""
    sign, digits = integer.groups()
    return sign == b"-" and digits != b"", digits
