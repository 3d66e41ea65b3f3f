"""Objects of the tests' own classes, which a program may use as in one process: nodes of a list, an oracle.

It reads and sets public attributes, calls methods and uses operators. It replaces no method or function of
theirs, as that might be what judges it, and reaches nothing by names with an underscore: to refuse a verdict
there would let it choose to have none.
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
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote.operators import BINARY

SPECIAL = frozenset(
    f"__{name}__"
    for name in (
        *("repr", "str", "format", "bytes", "fspath", "call", "enter", "exit", "hash", "bool"),
        *("len", "iter", "next", "reversed", "contains", "getitem", "setitem", "delitem", "missing"),
        *("eq", "ne", "lt", "le", "gt", "ge", "int", "float", "complex", "index"),
        *("round", "abs", "neg", "pos", "invert", "trunc", "floor", "ceil", "copy", "deepcopy"),
        *(f"{side}{name}" for name in BINARY for side in ("", "r", "i")),
    )
)
"""Methods by which the language asks an object."""
_AWAITED = ("__await__", "__aiter__", "__anext__", "__aenter__")
_HARMLESS = frozenset(
    {object, abc.ABC, typing.Generic, typing.Protocol, enum.Enum, getattr(enum, "ReprEnum", enum.Enum)}
)
_LIBRARY = frozenset(
    {io.StringIO, io.BytesIO, types.SimpleNamespace, argparse.Namespace, subprocess.CompletedProcess}
    | {random.Random}
)
_FILES = frozenset({io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO})
_PACKAGES = frozenset({"numpy", "pytest", "_pytest", "pluggy", "iniconfig", "packaging", "sandbox_runner"})
_OF_CLASS = ("make", "of class")
_ABSENT = object()

Told = dict[str, object]


def may_be_asked(value: object) -> bool:
    """Not one of a class that derives from more, such as a `TestCase`: that can skip its tests, for one."""
    return type(value) in _LIBRARY or is_file(value) or makes_such(type(value))


def makes_such(kind: object) -> bool:
    """Whether it is a class of the tests, whose objects may be asked."""
    if not isinstance(kind, type) or not _is_of_tests(kind) or any(hasattr(kind, name) for name in _AWAITED):
        return False
    return all(each in _HARMLESS or _is_of_tests(each) for each in kind.__mro__)


class OwnObjects:
    """What the program asks of them."""

    def __init__(self, is_remote: Callable[[object], bool]) -> None:
        self._is_remote = is_remote
        self._methods: dict[tuple[int, str], object] = {}
        """So that one method has one number, however often it is asked for."""
        self._kinds: dict[int, int] = {}
        self.weak = False
        """Whether the program changed what may be expected of it, or what may judge it."""

    def told_of(self, kind: type) -> Told:
        """What the program must know to use objects of this class."""
        told: Told = {
            "name": kind.__name__,
            "kind": self.number_of(kind),
            "can": sorted(_specials(kind)),
            "hashed": kind.__hash__ is not None,
            "bases": [self.told_of(base) for base in kind.__bases__ if makes_such(base)],
        }
        if dataclasses.is_dataclass(kind):
            told["fields"] = {each.name: each.init for each in dataclasses.fields(kind)}
        return told

    def number_of(self, kind: type) -> int:
        """By which the program tells the tests' classes apart."""
        return self._kinds.setdefault(id(kind), len(self._kinds))

    def answer(self, value: Any, operation: str, name: str = "", /, *args: Any, **kwargs: Any) -> object:
        """Carry out an operation. Raises what that raises."""
        if operation == "special":
            return self._special(value, name, *args)
        if operation == "names":
            return [each for each in dir(value) if each[:1] != "_"]
        if operation == "members":
            return {each: item for each, item in vars(value).items() if each[:1] != "_"}
        if operation in _OF_CLASS and is_file(value):  # another one would be any descriptor of this process
            raise TypeError(f"nothing is asked of {type(value).__name__}, the class of an open file")
        if operation == "make":
            return type(value)(*args, **kwargs)
        self._see_that_it_is_public(value, name)
        if operation in {"get", "of class"}:
            return self._get(value, name) if operation == "get" else _of_class(type(value), name)
        self._see_that_it_may_change(value, name, *args)
        (setattr if operation == "set" else delattr)(value, name, *args)
        return None

    def answer_of_class(self, kind: Any, operation: str, name: str, /, *new: object) -> object:
        """The same of one of their classes. What the program puts there may be what is judged."""
        self._see_that_it_is_public(kind, name)
        if operation == "of class":
            return _of_class(kind, name)
        if operation != "set" or not makes_such(kind):
            raise AttributeError(f"nothing is asked of {kind.__name__} by {operation!r}")
        if _is_behaviour(getattr(kind, name, None)) or name in _specials(kind):
            raise AttributeError(f"type object {kind.__name__!r} attribute {name!r} is read-only")
        self.weak = True
        setattr(kind, name, *new)
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
        if name[:1] == "_":
            raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")

    def _see_that_it_may_change(self, value: Any, name: str, *new: object) -> None:
        """Neither a method nor a function: it may be what judges the program."""
        of_class = next((vars(kind)[name] for kind in type(value).__mro__ if name in vars(kind)), None)
        try:
            # A descriptor of the program is not asked for what it is about to set itself.
            old = _ABSENT if self._is_remote(of_class) else getattr(value, name, _ABSENT)
        except Exception:  # noqa: BLE001 - a property that has nothing to tell yet
            old = ...
        if _is_behaviour(of_class) or _is_behaviour(old):
            raise AttributeError(f"{type(value).__name__!r} object attribute {name!r} is read-only")
        self.weak |= any(map(callable, new)) or not (old is _ABSENT or self._is_relinked(value, old, *new))

    def see_that_it_may_hold(self, owner: object, before: list[object], after: list[object]) -> None:
        """What the program made of a container that it has from `owner`."""
        held = [*before, *after]
        is_data = all(each is None for each in held)  # as where only a length, or the keys of a dict, changed
        self.weak |= is_data or not all(self._is_link(owner, each) for each in held)

    def _is_relinked(self, owner: object, old: object, *new: object) -> bool:
        """Neither data, nor an object of the program for one of the tests, by which they may judge."""
        if not new or not self._is_link(owner, old) or (may_be_asked(old) and self._is_remote(new[0])):
            return False
        return self._is_link(new[0] if old is None and may_be_asked(new[0]) else owner, new[0])

    def _is_link(self, owner: object, value: object) -> bool:
        """From one node to another. One of another class may be what is expected, as data may."""
        if value is None or (self._is_remote(value) and not callable(value)):
            return True
        return may_be_asked(value) and any(map(_is_of_tests, _both(type(owner).__mro__, type(value).__mro__)))


def owner_of(function: object) -> object:
    """Whose state a function of the tests may give away: that of the object of theirs whose method it is."""
    if not isinstance(function, types.MethodType | types.BuiltinMethodType):
        return None
    owner: object = function.__self__
    return owner if may_be_asked(owner) else None


def is_file(value: object) -> bool:
    """One that the tests opened, or what reads for it: a temporary file's wrapper too."""
    if type(value) in _FILES:
        return all(value is not each for each in (sys.__stdin__, sys.__stdout__, sys.__stderr__))
    wrapper = getattr(sys.modules.get("tempfile"), "_TemporaryFileWrapper", None)
    return wrapper is not None and type(value) is wrapper


def _both(one: tuple[type, ...], other: tuple[type, ...]) -> set[type]:
    return {*one} & {*other}


def _of_class(kind: type, name: str) -> object:
    """Nothing of the class of that class: by `register` of an ABC anything becomes an instance."""
    if any(name in vars(each) for each in kind.__mro__):
        return getattr(kind, name)
    raise AttributeError(f"type object {kind.__name__!r} has no attribute {name!r}")


def _is_behaviour(value: object) -> bool:
    return callable(value) or isinstance(value, staticmethod | classmethod)


def _specials(kind: type) -> frozenset[str]:
    defined = {name for each in kind.__mro__ if each is not object for name in vars(each)}
    return frozenset(name for name in SPECIAL & defined if getattr(kind, name) is not None)


def _is_of_tests(kind: type) -> bool:
    top = kind.__module__.partition(".")[0]
    return top != "builtins" and top not in sys.stdlib_module_names and top not in _PACKAGES
