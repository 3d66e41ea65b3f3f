"""What the tests hand over and the program's side makes anew: named tuples, patterns and loggers.

Unlike plain data they stay the tests' own: who hands one back hands back the very same. A named tuple that
the program makes of such a class is one of the tests' class.
"""

import re
import sys
from collections import namedtuple
from collections.abc import Callable
from typing import Any

Told = dict[str, Any]

_OF_RECORDS = frozenset(vars(namedtuple("_Record", ""))) | {"__annotations__", "__orig_bases__"}  # noqa: PYI024


def told_of(value: Any, write: Callable[[object], object], number_of: Callable[[type], int]) -> Told | None:
    """What makes one like it; None for all else.

    `write` raises for what is no data that cannot change; `number_of` tells the tests' classes apart.
    """
    if type(value) is re.Pattern:
        return {"pattern": write(value.pattern), "flags": value.flags & ~re.DEBUG}
    if _is_logger(value):
        return {"logger": value.name}
    told = _record_told(value, write) if hasattr(type(value), "_fields") else None
    return told and told | {"kind": number_of(type(value))}


def is_record(told: object) -> bool:
    return isinstance(told, dict) and "fields" in told


def made_of(told: Told, read: Callable[[object], Any], kinds: dict[int, Any]) -> object:
    """`kinds` are the classes of named tuples that were made so far."""
    if "pattern" in told:
        return re.compile(read(told["pattern"]), told["flags"])
    if "logger" in told:
        import logging  # noqa: PLC0415 - large, and few programs need it

        return logging.getLogger(told["logger"])
    kind = kinds.get(told["kind"])
    if kind is None:
        defaults = map(read, told["defaults"])
        kind = kinds[told["kind"]] = namedtuple(told["name"], told["fields"], defaults=defaults)  # noqa: PYI024
    return kind(*map(read, told["items"]))


def _is_logger(value: Any) -> bool:
    """One that is found by its name."""
    logging: Any = sys.modules.get("logging")
    if logging is None or type(value) not in {logging.Logger, logging.RootLogger}:
        return False
    return type(value.name) is str and logging.getLogger(value.name) is value


def _record_told(value: Any, write: Callable[[object], object]) -> Told | None:
    """Without methods of its own."""
    kind = type(value)
    if kind.__mro__[1:] != (tuple, object) or not vars(kind).keys() <= _OF_RECORDS | {*value._fields}:
        return None
    try:
        told: Told = {"name": kind.__name__, "fields": [*value._fields], "items": [*map(write, value)]}
        return told | {"defaults": [*map(write, value._field_defaults.values())]}
    except (TypeError, ValueError):
        return None
