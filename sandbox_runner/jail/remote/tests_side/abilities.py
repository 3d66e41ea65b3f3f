"""What the program's objects can do, as told with each: a class with just these methods.

Each method asks the program, whose answer is data.
"""

import collections.abc
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import cache
from types import FunctionType, MethodType
from typing import Any

from sandbox_runner.jail.remote.tests_side.begun import Awaited, until_done
from sandbox_runner.jail.remote.tests_side.link import Link
from sandbox_runner.jail.remote.tests_side.operators import OPERATORS
from sandbox_runner.jail.remote.tests_side.proxy import (
    NAME_LIMIT,
    Remote,
    abcs_told,
    array_of,
    fill,
    mark_own_way,
)


def _asked(name: str) -> property:
    """What Python would else find in the class, where it may leave its own at any time."""
    return property(lambda self: self._remote_link.ask("get", self, name))


_ALWAYS: dict[str, object] = {
    "__doc__": _asked("__doc__"),
    "__annotations__": _asked("__annotations__"),
    "__init__": _asked("__init__"),
    "__module__": "solution",  # which is asked of a class too, and has to be a text
    **OPERATORS,
}


_COPIED: dict[str, Callable[..., object]] = {
    "__copy__": lambda self: self._remote_link.ask("copy", self),
    "__deepcopy__": lambda self, _: self._remote_link.ask("deepcopy", self),
}
"""Not of an iterator: `itertools.tee` looks whether it can be copied."""


def _call(self: Remote, /, *args: object, **kwargs: object) -> Any:
    link = self._remote_link
    if "class" in self._remote_traits and self._remote_number not in link.functions:
        link.constructed.add(self._remote_number)
    return link.ask("call", self, *args, **kwargs)


def _bound(self: Any, one: object, kind: object = None) -> object:
    """As a function that stands in a class of the tests, which the program may have decorated."""
    return self if one is None else MethodType(self, one)


def _leave(self: Remote, kind: type | None, error: BaseException | None, trace: object) -> bool:
    wish = self._remote_link.ask("leave", self, _told_class(self, kind), str(error))
    return _is_swallowed(self, error, wish)


def _told_class(self: Remote, kind: type | None) -> object:
    """A class of the program goes home as itself, all others by name."""
    return kind if kind is None or self._remote_link.exceptions.has_mirrored(kind) else kind.__name__


def _is_swallowed(self: Remote, error: BaseException | None, wish: object) -> bool:
    """What the program wants swallowed may be a failed assertion, or how a test saw a wrong answer.

    The first fails the test all the same, and by the second a pass is marked: to refuse it would let a wrong
    program choose to have no verdict, and fail a right one.
    """
    swallowed = wish is True and isinstance(error, Exception) and not isinstance(error, AssertionError)
    self._remote_link.weak |= swallowed
    return swallowed


def _wait(self: Remote) -> Generator[None, None, Any]:
    return until_done(self._remote_link, "await", self)


def _send(self: Remote, value: object) -> None:
    """Go on as a coroutine does that is driven by hand, or by a task."""
    _drive(self, lambda going: going.send(None))


def _throw(self: Remote, error: BaseException, *_: object) -> None:
    _drive(self, lambda going: going.throw(error))


def _drive(self: Remote, step: Callable[[Generator[None, None, Any]], None]) -> None:
    """Take it one step further, if that is not its last; what has not begun is where it begins."""
    driven = self._remote_link.driven
    going = driven.pop(self._remote_number, None) or _wait(self)
    step(going)
    driven[self._remote_number] = going


def _close(self: Remote) -> None:
    """Nothing is left open."""


async def _take_next(self: Remote) -> object:
    return await Awaited(self._remote_link, "anext", self)


async def _enter_awaited(self: Remote) -> object:
    return await Awaited(self._remote_link, "aenter", self)


async def _leave_awaited(self: Remote, kind: type | None, error: BaseException | None, trace: object) -> bool:
    wish = await Awaited(self._remote_link, "aleave", self, _told_class(self, kind), str(error))
    return _is_swallowed(self, error, wish)


def _length(self: Remote) -> object:
    link = self._remote_link
    mark_own_way(self, "__len__")
    size = link.ask("len", self)
    link.weak |= link.sizes.is_too_long(self._remote_number, size)
    return size


def _iterated_by(operation: str) -> Callable[[Remote], object]:
    def iterator_of(self: Remote) -> object:
        link = self._remote_link
        _measure(self)
        mark_own_way(self, f"__{operation}__")
        iterator = link.ask(operation, self)
        number = getattr(iterator, "_remote_number", None)
        if number is not None and (number != self._remote_number or number not in link.made):
            link.sizes.begin(self._remote_number, number)
        return iterator

    return iterator_of


def _measure(self: Remote) -> None:
    """Hear of an answer how long it is, as tests may ask that of another one."""
    if hasattr(type(self), "__len__") and self._remote_number not in self._remote_link.made:
        with suppress(Exception):  # which is the program's, and nobody's question
            _length(self)


def _item(self: Remote, key: object) -> object:
    """What has no iterator of its own is gone through by this, and an IndexError is its end."""
    link = self._remote_link
    mark_own_way(self, "__getitem__")
    try:
        return link.ask("getitem", self, key)
    except IndexError:
        if type(key) is int and key >= 0:
            _measure(self)
            link.weak |= link.sizes.ended_at(self._remote_number, key)
        raise


def _next(self: Remote) -> object:
    link = self._remote_link
    try:
        item = link.ask("next", self)
    except StopIteration:
        link.weak |= link.sizes.ended_early(self._remote_number)
        raise
    link.sizes.took(self._remote_number)
    return item


def _forward(operation: str) -> Callable[..., Any]:
    return lambda self, *args: self._remote_link.ask(operation, self, *args)


_METHODS: dict[str, dict[str, Callable[..., Any]]] = {
    "call": {"__call__": _call},
    "bind": {"__get__": _bound},
    # Where it stands in a class of the tests.
    "describe": {"__get__": _forward("describe")},
    "describe set": {"__set__": _forward("describe set")},
    "describe delete": {"__delete__": _forward("describe delete")},
    "describe name": {"__set_name__": _forward("describe name")},
    "iter": {"__iter__": _iterated_by("iter")},
    "next": {"__next__": _next},
    "reversed": {"__reversed__": _iterated_by("reversed")},
    "len": {"__len__": _length},
    "getitem": {"__getitem__": _item},
    "setitem": {"__setitem__": _forward("setitem")},
    "delitem": {"__delitem__": _forward("delitem")},
    "enter": {"__enter__": _forward("enter"), "__exit__": _leave},
    # What makes it a coroutine for `asyncio.run`.
    "await": {"__await__": _wait, "send": _send, "throw": _throw, "close": _close},
    "array": {"__array__": array_of},
    "aiter": {"__aiter__": _forward("aiter")},
    "anext": {"__anext__": _take_next},
    "aenter": {"__aenter__": _enter_awaited, "__aexit__": _leave_awaited},
}


@cache
def _class_for(name: str, abilities: frozenset[str], kinds: frozenset[str]) -> type[Remote]:
    """A class with just the methods that the object has, so that `callable` and `iter` tell the truth.

    It has the name of the object's class, which tests may ask by `type(x).__name__`.
    """
    methods = _ALWAYS | ({} if "next" in abilities else _COPIED)
    for ability in abilities:
        methods |= _METHODS[ability]
    made: type[Remote] = type(name, (Remote,), {"__slots__": (), **methods})
    for kind in kinds:
        getattr(collections.abc, kind).register(made)
    return made


def adopt(link: Link, reference: dict[str, Any]) -> Remote:
    name = str(reference["name"])[:NAME_LIMIT]
    abilities = frozenset(_METHODS) & {*reference["can"]}
    if reference.get("kind") == FunctionType.__name__:
        abilities |= {"bind"}
    kinds = frozenset() if "class" in reference else abcs_told(reference)
    remote = object.__new__(_class_for(name, abilities, kinds))
    fill(remote, link, reference)
    return remote
