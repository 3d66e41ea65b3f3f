"""What the tests hand over and the program's side has too, or makes anew: named tuples, functions, patterns.

Loggers, too. Unlike plain data they stay the tests' own: who hands one back hands back the very same. A named
tuple that the program makes of such a class is one of the tests' class. By a function of the library, such as
`getattr`, the program would reach all that is in the tests' jail; so it has its own.
"""

import functools
import importlib
import operator
import re
import sys
import types
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote import wire

Told = dict[str, Any]

_UNBOUND = (types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType)
_MAKING_FUNCTIONS = (operator.attrgetter, operator.itemgetter, operator.methodcaller, functools.partial)

_OF_RECORDS = frozenset(vars(namedtuple("_Record", ""))) | {"__annotations__", "__orig_bases__"}  # noqa: PYI024


def told_of(value: Any, write: Callable[[object], object], number_of: Callable[[type], int]) -> Told | None:
    """What makes one like it; None for all else.

    `write` raises for what is no data that cannot change; `number_of` tells the tests' classes apart.
    """
    if type(value) is re.Pattern:
        return {"pattern": write(value.pattern), "flags": value.flags & ~re.DEBUG}
    if _is_logger(value):
        return {"logger": value.name}
    if (place := _place_in_library(value)) is not None:
        return {"library": place}
    told = _record_told(value, write) if hasattr(type(value), "_fields") else None
    return told and told | {"kind": number_of(type(value))}


def is_record(told: object) -> bool:
    return isinstance(told, dict) and "fields" in told


def made_of(told: Told, read: Callable[[object], Any], kinds: dict[int, Any]) -> object:
    """`kinds` are the classes of named tuples that were made so far."""
    if "library" in told:
        return _found(*told["library"])
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


def _place_in_library(value: Any) -> tuple[str, str] | None:
    """Module and name of what both sides have: a function, a method that is bound to nothing but a class.

    Not what tests replaced, whatever it calls itself.
    """
    kind, bound = type(value), getattr(value, "__self__", None)
    if kind is types.BuiltinFunctionType:
        module = bound.__module__ if isinstance(bound, type) else getattr(value, "__module__", None)
        known = bound is None or isinstance(bound, types.ModuleType | type)
    elif kind in _UNBOUND:
        module, known = value.__objclass__.__module__, True
    elif kind is types.FunctionType:
        module = value.__module__
        known = value.__globals__ is getattr(sys.modules.get(module), "__dict__", None)
    else:
        module, known = getattr(value, "__module__", None), kind is type and value in _MAKING_FUNCTIONS
    place = (str(module), str(getattr(value, "__qualname__", "")))
    return place if known and wire.is_standard(module) and _is_at(place, value) else None


def _is_at(place: tuple[str, str], value: object) -> bool:
    found = _found(*place) if place[0] in sys.modules else None
    return found is value or (type(found) is types.BuiltinFunctionType and found == value)


def _found(module: str, name: str) -> object:
    owner: object = importlib.import_module(module)
    for part in name.split("."):
        owner = getattr(owner, part, None)
    return owner


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
