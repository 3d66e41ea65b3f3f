"""Values and classes of the standard library that leave a jail by value, like plain data.

A test compares a fraction or a date with one of its own, so a reference to the program's, or its name alone,
would be of no use to it. Only what is exactly of these classes counts: a subclass may compare as it likes.
"""

import builtins
import dataclasses
import importlib
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox_runner.jail.spreading import spread

_SPELLED_OUT = (
    *(f"pathlib.{kind}" for kind in ("PosixPath", "PurePosixPath", "PureWindowsPath")),
    *(f"ipaddress.IPv{version}{kind}" for version in (4, 6) for kind in ("Address", "Interface", "Network")),
)
_PARTS: dict[str, Callable[[Any], list[object]]] = {
    "datetime.date": lambda value: [value.year, value.month, value.day],
    "datetime.timedelta": lambda value: [value.days, value.seconds, value.microseconds],
    "datetime.timezone": lambda value: list(value.__getinitargs__()),
    "zoneinfo.ZoneInfo": lambda value: [value.key],
    "datetime.time": lambda value: _in_zone(value, value.hour, value.minute, value.second, value.microsecond),
    "datetime.datetime": lambda value: _in_zone(
        *(value, value.year, value.month, value.day),
        *(value.hour, value.minute, value.second, value.microsecond),
    ),
    "decimal.Decimal": lambda value: [str(value)],
    "fractions.Fraction": lambda value: [value.numerator, value.denominator],
    "uuid.UUID": lambda value: [value.hex],
    "statistics.NormalDist": lambda value: [value.mean, value.stdev],
    **dict.fromkeys(_SPELLED_OUT, lambda value: [str(value)]),
    "builtins.range": lambda value: [value.start, value.stop, value.step],
    "builtins.slice": lambda value: [value.start, value.stop, value.step],
}
# What is made of other arguments may be a number of a billion digits, written in ten.
_TAKEN: dict[str, tuple[type, ...]] = {
    "decimal.Decimal": (str,),
    "fractions.Fraction": (int, int),
    "uuid.UUID": (str,),
    "zoneinfo.ZoneInfo": (str,),
    "statistics.NormalDist": (float, float),
    **dict.fromkeys(_SPELLED_OUT, (str,)),
}
# Where times have `fold`, which is no positional argument and counts in a region alone.
_FOLD_AT = {"datetime.time": 5, "datetime.datetime": 8}
_DICT_VIEWS: dict[type, str] = {
    type({}.keys()): "dict_keys",
    type({}.values()): "dict_values",
    type({}.items()): "dict_items",
}
_SINGLETONS = {"Ellipsis": ..., "NotImplemented": NotImplemented, "MISSING": dataclasses.MISSING}
_COLLECTIONS = ("Counter", "OrderedDict", "defaultdict", "deque")
_BASES = ("abc.ABC", *(f"enum.{name}" for name in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")))
_CLASSES = frozenset((*_PARTS, *(f"collections.{name}" for name in _COLLECTIONS), *_BASES))


def parts(value: Any) -> tuple[str, list[object]] | None:
    """Type and arguments that make an equal value; None where there are none, as of a zone from a file."""
    kind = type(value)
    if kind in _DICT_VIEWS:
        return _DICT_VIEWS[kind], list(kind.__iter__(value))
    if type in kind.__mro__:
        return _named(value)
    for name, single in _SINGLETONS.items():
        if value is single:
            return "single", [name]
    name = _name_of(kind)
    if name not in _PARTS or kind is not _class(name):
        return None
    zone = getattr(value, "tzinfo", None)
    if zone is not None and parts(zone) is None:
        return None
    found = _PARTS[name](value)
    return None if found == [None] else (name, found)


def _in_zone(value: Any, *parts: object) -> list[object]:
    if value.tzinfo is None:
        return [*parts]
    return [*parts, value.tzinfo, value.fold] if value.fold else [*parts, value.tzinfo]


def _named(kind: type) -> tuple[str, list[object]] | None:
    """A class that both sides have."""
    name = _name_of(kind)
    is_built_in = kind is type(None) or getattr(builtins, kind.__name__, None) is kind
    return ("class", [name]) if is_built_in or (name in _CLASSES and kind is _class(name)) else None


def _name_of(kind: type) -> str:
    """From Python 3.13 on the classes of `pathlib` are defined in a module within."""
    return f"{kind.__module__.removesuffix('._local')}.{kind.__qualname__}"


def _class(name: str) -> Any:
    module, _, kind = name.partition(".")
    return getattr(sys.modules.get(module), kind, None)


def _made(name: str, arguments: list[Any]) -> object:
    if name in _TAKEN and tuple(map(type, arguments)) != _TAKEN[name]:
        raise TypeError(f"not what a {name} is made of")
    end = _FOLD_AT.get(name, len(arguments))
    further = arguments[end:]
    folds = dict(zip(["fold"], further, strict=True)) if further else {}
    try:
        return _known_class([name])(*arguments[:end], **folds)
    except OSError as error:  # a zone whose file cannot be read
        raise ValueError(str(error)) from error


def _known_class(arguments: list[Any]) -> Any:
    name = str(*arguments)
    module, _, kind = name.partition(".")
    if module != "builtins" and name not in _CLASSES:
        raise ValueError(f"unknown class {name[:40]!r}")
    if name == _name_of(type(None)):  # which no name of a module leads to
        return type(None)
    found = getattr(importlib.import_module(module), kind, None)
    if not isinstance(found, type):
        raise TypeError("not a class")
    return found


def _single(arguments: list[Any]) -> object:
    (name,) = arguments
    return _SINGLETONS[name]


def _dict_items(pairs: list[Any]) -> object:
    spread([key for key, _ in pairs])
    return dict(pairs).items()


MAKERS: dict[str, Callable[[list[Any]], object]] = {
    **{name: partial(_made, name) for name in _PARTS},
    "class": _known_class,
    "single": _single,
    "dict_keys": lambda items: dict.fromkeys(spread(items)).keys(),
    "dict_values": lambda items: dict(enumerate(items)).values(),
    "dict_items": _dict_items,
}
"""What makes the value again; each raises what its class raises."""
