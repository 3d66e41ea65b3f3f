"""What the tests hand over and the program's side makes anew: named tuples, patterns and loggers.

Unlike plain data they stay the tests' own: who hands one back hands back the very same.
"""

import re
import sys
from collections import namedtuple
from collections.abc import Callable
from functools import cache
from typing import Any

Told = dict[str, Any]

_OF_RECORDS = frozenset(vars(namedtuple("_Record", ""))) | {"__annotations__", "__orig_bases__"}  # noqa: PYI024


def told_of(value: Any, write: Callable[[object], object]) -> Told | None:
    """What makes one like it; None for all else. `write` raises for what is no data that cannot change."""
    if type(value) is re.Pattern:
        return {"pattern": write(value.pattern), "flags": value.flags & ~re.DEBUG}
    if _is_logger(value):
        return {"logger": value.name}
    return _record_told(value, write) if hasattr(type(value), "_fields") else None


def made_of(told: Told, read: Callable[[object], Any]) -> object:
    if "pattern" in told:
        return re.compile(read(told["pattern"]), told["flags"])
    if "logger" in told:
        import logging  # noqa: PLC0415 - large, and few programs need it

        return logging.getLogger(told["logger"])
    return _record_class(told["name"], tuple(told["fields"]))(*map(read, told["items"]))


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
        return {"name": kind.__name__, "fields": [*value._fields], "items": [*map(write, value)]}
    except (TypeError, ValueError):
        return None


@cache
def _record_class(name: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(name, fields)  # noqa: PYI024
