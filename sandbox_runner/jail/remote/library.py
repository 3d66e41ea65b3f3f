"""Values of the standard library that cannot change, on the wire: by value, like plain data.

A test compares a date with a date of its own, so a reference to the program's would be of no use to it.
"""

import importlib
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

_PARTS: dict[str, Callable[[Any], list[object]]] = {
    "datetime.date": lambda value: [value.year, value.month, value.day],
    "datetime.timedelta": lambda value: [value.days, value.seconds, value.microseconds],
    "datetime.time": lambda value: [value.hour, value.minute, value.second, value.microsecond],
    "datetime.datetime": lambda value: [
        *(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
    ],
    "decimal.Decimal": lambda value: [str(value)],
    "fractions.Fraction": lambda value: [value.numerator, value.denominator],
    "builtins.range": lambda value: [value.start, value.stop, value.step],
}


def parts(value: object) -> tuple[str, list[object]] | None:
    """Type and arguments that make an equal value; None where that cannot be said, as of times in a zone."""
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in _PARTS or kind is not _class(name) or getattr(value, "tzinfo", None) is not None:
        return None
    return name, _PARTS[name](value)


def _made(name: str, arguments: list[Any]) -> object:
    importlib.import_module(name.partition(".")[0])
    return _class(name)(*arguments)


MAKERS: dict[str, Callable[[list[Any]], object]] = {name: partial(_made, name) for name in _PARTS}
"""What makes the value again; each raises what its class raises."""


def _class(name: str) -> Any:
    module, _, kind = name.partition(".")
    return getattr(sys.modules.get(module), kind, None)
