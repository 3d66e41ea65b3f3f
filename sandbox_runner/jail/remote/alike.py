"""What the tests hand over and the program's side has too, or makes anew: named tuples, functions, patterns.

Loggers, too. Unlike plain data they stay the tests' own: who hands one back hands back the very same. A named
tuple that the program makes of such a class is one of the tests' class. By a function of the library, such as
`getattr`, the program would reach all that is in the tests' jail; so it has its own.
"""

import builtins
import enum
import functools
import importlib
import operator
import re
import sys
import types
from collections import namedtuple
from collections.abc import Callable, Iterable
from typing import Any

from sandbox_runner.jail.remote import wire

Told = dict[str, Any]

_UNBOUND = (types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType)
_MAKING_FUNCTIONS = (operator.attrgetter, operator.itemgetter, operator.methodcaller, functools.partial)

_MIXED = (object, int, str, float)
# Where its source is tells Python 3.13 on, of a class that was written as one.
_OF_CLASSES = {"__annotations__", "__orig_bases__", "__firstlineno__", "__static_attributes__"}
_OF_RECORDS = frozenset(vars(namedtuple("_Record", ""))) | _OF_CLASSES  # noqa: PYI024


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
    told = _record_told(value, write) if hasattr(type(value), "_fields") else _member_told(value, write)
    return told and told | {"kind": number_of(type(value))}


def has_class(told: object) -> bool:
    """Whether the program can make others of its class: named tuples, and members of an enumeration."""
    return isinstance(told, dict) and "kind" in told


def parts_of(value: Any) -> list[object]:
    """By which the tests find or make the one of theirs that is like it."""
    return [value.value] if isinstance(value, enum.Enum) else [*value]


def made_by_tests(like: Any, parts: Iterable[object]) -> object:
    """One of the class of that of theirs."""
    return type(like)(*parts) if isinstance(like, enum.Enum) else type(like)._make(parts)


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
        kind = kinds[told["kind"]] = (_enumeration if "members" in told else _record_kind)(told, read)
    return kind(*map(read, told["items"]))


def _record_kind(told: Told, read: Callable[[object], Any]) -> Any:
    return namedtuple(told["name"], told["fields"], defaults=map(read, told["defaults"]))  # noqa: PYI024


def _enumeration(told: Told, read: Callable[[object], Any]) -> Any:
    base: Any = getattr(enum, told["base"])
    members = [(name, read(value)) for name, value in told["members"]]
    mixed = {"type": getattr(builtins, told["mixed"])} if told["mixed"] else {}
    return base(told["name"], members, **mixed)


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


def _member_told(value: Any, write: Callable[[object], object]) -> Told | None:
    """Of an enumeration of data, which decides nothing by methods of its own."""
    kind: Any = type(value)
    if not isinstance(value, enum.Enum) or any(map(callable, map(vars(kind).get, _own_names(kind)))):
        return None
    base = next(each for each in kind.__mro__ if each.__module__ == enum.__name__)
    mixed = kind._member_type_
    is_mixed = mixed is not object and not issubclass(base, mixed)
    if kind.__mro__[1:3] not in {(base, *base.__mro__[1:2]), (mixed, base)} or mixed not in _MIXED:
        return None
    try:
        members = [[name, write(each.value)] for name, each in kind.__members__.items()]
        told: Told = {"name": kind.__name__, "base": base.__name__, "members": members}
        return told | {"items": [write(value.value)], "mixed": mixed.__name__ if is_mixed else ""}
    except (TypeError, ValueError):
        return None


def _own_names(kind: Any) -> list[str]:
    """What the class of an enumeration defines besides its members."""
    return [name for name in vars(kind) if name[:1] != "_" and name not in kind.__members__]


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
