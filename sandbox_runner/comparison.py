"""Compare a returned value with the expected one, as plain data that this process decoded itself."""

from collections.abc import Mapping
from enum import StrEnum

from sandbox_runner.jail.values import Opaque

_SPELLED_BITS = 4096  # Python refuses to spell much longer integers


class Equality(StrEnum):
    JSON = "json"
    """The expectation is JSON, and types count: True is not 1, 1 is not 1.0.

    JSON has one kind of list and only string keys. So a tuple equals a list of the same items, and a key that
    is no string equals its JSON spelling. A set equals no list: it has no order. NaN equals NaN.
    """
    PYTHON = "python"
    """The expectation was written in Python, as in an assert, and `==` decides: 1 equals 1.0."""


def equal(expected: object, returned: object, equality: Equality) -> bool:
    if equality is Equality.PYTHON:
        return bool(expected == returned)
    return _same(expected, returned)


def _same(expected: object, returned: object) -> bool:
    if isinstance(expected, list | tuple):
        return isinstance(returned, list | tuple) and _same_items(list(expected), list(returned))
    if isinstance(expected, dict):
        return isinstance(returned, dict) and _same_members(expected, returned)
    if type(expected) is not type(returned) or isinstance(returned, Opaque):
        return False
    both_nan = expected != expected and returned != returned  # noqa: PLR0124
    return expected == returned or both_nan


def _same_items(expected: list[object], returned: list[object]) -> bool:
    return len(expected) == len(returned) and all(map(_same, expected, returned))


def _same_members(expected: Mapping[str, object], returned: Mapping[object, object]) -> bool:
    spelled = {_json_key(key): value for key, value in returned.items()}
    if len(spelled) != len(returned) or spelled.keys() != expected.keys():
        return False
    return all(_same(value, spelled[key]) for key, value in expected.items())


def _json_key(key: object) -> object:
    """Spell a key as `json.dumps` would."""
    if isinstance(key, bool):
        return str(key).lower()
    if isinstance(key, int) and key.bit_length() > _SPELLED_BITS:
        return key
    if isinstance(key, int | float):
        return str(key)
    return "null" if key is None else key
