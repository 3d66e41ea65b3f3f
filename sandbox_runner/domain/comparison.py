"""Compare a returned value with the expected one, as plain data that this process decoded itself."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import repeat
from typing import Any

from sandbox_runner.jail.values import Opaque

_SPELLED_BITS = 4096  # Python refuses to spell much longer integers

_JSON_NUMBERS = frozenset({bool, int, float})
_NUMBERS = _JSON_NUMBERS | {complex, Decimal, Fraction}
_SameLeaf = Callable[[object, object], bool]


class Equality(StrEnum):
    JSON = "json"
    """The expectation is JSON, and types count: True is not 1, 1 is not 1.0.

    JSON has one kind of list and only string keys. So a tuple equals a list of the same items, and a key that
    is no string equals its JSON spelling. A set equals no list: it has no order. NaN equals NaN.
    """
    NUMBERS = "numbers"
    """As JSON, but numbers are equal by value, as in LiveCodeBench's harness: 1 equals 1.0 and True."""
    PYTHON = "python"
    """The expectation was written in Python, as in an assert, and `==` decides: 1 equals 1.0."""
    IDENTITY = "identity"
    """`is` decides; the expectation is None, True or False."""
    TRUTH = "truth"
    """The value is taken for true or false. An object that is no plain value is neither."""
    CLOSE = "close"
    """`math.isclose` decides."""
    WITHIN = "within"
    """The absolute difference is less than the tolerance, or at most that."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far numbers may be apart; `rel` counts for CLOSE, `inclusive` for WITHIN."""

    rel: float = 1e-9
    abs: float = 0.0
    inclusive: bool = False


def equal(expected: object, returned: object, equality: Equality, tolerance: Tolerance | None = None) -> bool:
    match equality:
        case Equality.JSON:
            return _same(expected, returned, _equal_in_type)
        case Equality.NUMBERS:
            return _same(expected, returned, _equal_in_value)
        case Equality.PYTHON:
            return _equals(expected, returned)
        case Equality.IDENTITY:
            return expected is returned
        case Equality.TRUTH:
            return not isinstance(returned, Opaque) and bool(returned) is expected
        case Equality.CLOSE | Equality.WITHIN:
            return _near(expected, returned, equality, tolerance or Tolerance())


def _equals(expected: object, returned: object) -> bool:
    try:
        return bool(expected == returned)
    except (TypeError, ArithmeticError):  # items with a list among them, and a decimal that signals
        return False


def _near(expected: Any, returned: Any, equality: Equality, tolerance: Tolerance) -> bool:
    if type(returned) not in _NUMBERS:
        return False
    try:
        if equality is Equality.CLOSE:
            return math.isclose(expected, returned, rel_tol=tolerance.rel, abs_tol=tolerance.abs)
        apart = abs(returned - expected)
        return bool(apart <= tolerance.abs if tolerance.inclusive else apart < tolerance.abs)
    except (TypeError, ValueError, ArithmeticError):  # such as an integer too long for a float
        return False


def _same(expected: object, returned: object, same_leaf: _SameLeaf) -> bool:
    if isinstance(expected, list | tuple):
        return isinstance(returned, list | tuple) and _same_items(list(expected), list(returned), same_leaf)
    if isinstance(expected, dict):
        return isinstance(returned, dict) and _same_members(expected, returned, same_leaf)
    return same_leaf(expected, returned)


def _equal_in_type(expected: object, returned: object) -> bool:
    if type(expected) is not type(returned) or isinstance(returned, Opaque):
        return False
    both_nan = expected != expected and returned != returned  # noqa: PLR0124
    return expected == returned or both_nan


def _equal_in_value(expected: object, returned: object) -> bool:
    numbers = type(expected) in _JSON_NUMBERS and type(returned) in _JSON_NUMBERS
    return (numbers and expected == returned) or _equal_in_type(expected, returned)


def _same_items(expected: list[object], returned: list[object], same_leaf: _SameLeaf) -> bool:
    return len(expected) == len(returned) and all(map(_same, expected, returned, repeat(same_leaf)))


def _same_members(
    expected: Mapping[str, object], returned: Mapping[object, object], same_leaf: _SameLeaf
) -> bool:
    spelled = {_json_key(key): value for key, value in returned.items()}
    if len(spelled) != len(returned) or spelled.keys() != expected.keys():
        return False
    return all(_same(value, spelled[key], same_leaf) for key, value in expected.items())


def _json_key(key: object) -> object:
    """Spell a key as `json.dumps` would."""
    if isinstance(key, int) and key.bit_length() > _SPELLED_BITS:
        return key
    return json.dumps(key) if key is None or isinstance(key, int | float) else key
