"""Objects of the tests' own classes, which a program may use as in one process: nodes of a list, an oracle.

It reads and sets public attributes, calls methods and uses operators. It replaces no method or function of
theirs, as that might be what judges it, and reaches nothing by names with an underscore.
"""

import abc
import argparse
import copy
import dataclasses
import enum
import io
import random
import subprocess
import sys
import types
import typing
from collections import namedtuple
from collections.abc import Callable
from typing import Any

_BINARY = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow"),
    *("and", "or", "xor", "lshift", "rshift"),
)
SPECIAL = frozenset(
    f"__{name}__"
    for name in (
        *("repr", "str", "format", "bytes", "fspath", "call", "enter", "exit", "hash", "bool"),
        *("len", "iter", "next", "reversed", "contains", "getitem", "setitem", "delitem", "missing"),
        *("eq", "ne", "lt", "le", "gt", "ge", "int", "float", "complex", "index"),
        *("round", "abs", "neg", "pos", "invert", "trunc", "floor", "ceil", "copy", "deepcopy"),
        *(f"{side}{name}" for name in _BINARY for side in ("", "r", "i")),
    )
)
"""Methods by which the language asks an object."""
_HARMLESS = frozenset(
    {object, abc.ABC, typing.Generic, typing.Protocol, enum.Enum, getattr(enum, "ReprEnum", enum.Enum)}
)
_LIBRARY = frozenset(
    {io.StringIO, io.BytesIO, types.SimpleNamespace, argparse.Namespace, subprocess.CompletedProcess}
    | {random.Random}
)
_PACKAGES = frozenset({"numpy", "pytest", "_pytest", "pluggy", "iniconfig", "packaging", "sandbox_runner"})
_OF_RECORDS = frozenset(vars(namedtuple("_Record", ""))) | {"__annotations__", "__orig_bases__"}  # noqa: PYI024
_ABSENT = object()

Told = dict[str, object]


def may_be_asked(value: object) -> bool:
    """Not one of a class that derives from more, such as a `TestCase`: that can skip its tests, for one."""
    kind = type(value)
    if kind in _LIBRARY:
        return True
    return _is_of_tests(kind) and all(each in _HARMLESS or _is_of_tests(each) for each in kind.__mro__)


def told_of(value: object) -> Told:
    """What the program must know to use it."""
    kind = type(value)
    told: Told = {"name": kind.__name__, "can": sorted(_specials(kind)), "hashed": kind.__hash__ is not None}
    if dataclasses.is_dataclass(kind):
        told["fields"] = [each.name for each in dataclasses.fields(kind)]
    return told


def record_told(value: Any, write: Callable[[object], object]) -> Told | None:
    """A named tuple without methods of its own, which the other side makes itself if its items are data."""
    kind = type(value)
    if kind.__mro__[1:] != (tuple, object) or not vars(kind).keys() <= _OF_RECORDS | {*value._fields}:
        return None
    try:
        return {"name": kind.__name__, "fields": [*value._fields], "items": [*map(write, value)]}
    except (TypeError, ValueError):
        return None


class OwnObjects:
    """What the program asks of them."""

    def __init__(self, refuse: Callable[[str], Exception], is_remote: Callable[[object], bool]) -> None:
        self._refuse = refuse
        self._is_remote = is_remote
        self._methods: dict[tuple[int, str], object] = {}
        """So that one method has one number, however often it is asked for."""
        self.weak = False
        """Whether the program changed what may be expected of it, or what may judge it."""

    def answer(self, value: Any, operation: str, name: str = "", *args: Any) -> object:
        """Carry out an operation. Raises what that raises, or TypeError for a test that cannot be judged."""
        if operation == "special":
            return self._special(value, name, *args)
        if operation == "names":
            return [each for each in dir(value) if each[:1] != "_"]
        if operation == "members":
            return {each: item for each, item in vars(value).items() if each[:1] != "_"}
        self._see_that_it_is_public(value, name)
        if operation == "get":
            return self._get(value, name)
        self._see_that_it_may_change(value, name, *args)
        (setattr if operation == "set" else delattr)(value, name, *args)
        return None

    def _special(self, value: Any, name: str, *args: Any) -> object:
        kind: Any = type(value)
        if name in _specials(kind):
            return getattr(kind, name)(value, *args)
        if name == "__copy__":
            return copy.copy(value)
        if name == "__deepcopy__":
            return copy.deepcopy(value)
        raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")

    def _get(self, value: Any, name: str) -> object:
        found = getattr(value, name)
        if not isinstance(found, types.MethodType | types.BuiltinMethodType):
            return found
        known = self._methods.setdefault((id(value), name), found)
        return known if known == found else found

    def _see_that_it_is_public(self, value: Any, name: str) -> None:
        if name[:1] != "_":
            return
        if hasattr(value, name):
            raise self._refuse(f"{name} of an object of {type(value).__name__} cannot be asked for")
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")

    def _see_that_it_may_change(self, value: Any, name: str, *new: object) -> None:
        """Neither a method nor a function: it may be what judges the program."""
        of_class = next((vars(kind)[name] for kind in type(value).__mro__ if name in vars(kind)), None)
        old = getattr(value, name, _ABSENT)
        if _is_behaviour(of_class) or _is_behaviour(old):
            raise AttributeError(f"{type(value).__name__!r} object attribute {name!r} is read-only")
        self.weak |= old is not _ABSENT and not (self._is_link(old) and all(map(self._may_follow(old), new)))

    def _is_link(self, value: object) -> bool:
        """From one node to another, as opposed to data, which may be what is expected."""
        return value is None or may_be_asked(value) or self._is_remote(value)

    def _may_follow(self, old: object) -> Callable[[object], bool]:
        """Not an object of the program one of the tests, by which they may judge."""
        return lambda new: self._is_link(new) and not (may_be_asked(old) and self._is_remote(new))


def _is_behaviour(value: object) -> bool:
    return callable(value) or isinstance(value, staticmethod | classmethod)


def _specials(kind: type) -> frozenset[str]:
    defined = {name for each in kind.__mro__ if each is not object for name in vars(each)}
    return frozenset(name for name in SPECIAL & defined if getattr(kind, name) is not None)


def _is_of_tests(kind: type) -> bool:
    top = kind.__module__.partition(".")[0]
    return top != "builtins" and top not in sys.stdlib_module_names and top not in _PACKAGES
