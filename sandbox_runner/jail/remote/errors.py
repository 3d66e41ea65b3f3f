"""Exceptions that cross: by name where both sides have the class, else as a class made anew.

An exception arrives as data: of the other side's class come its name, bases and attributes, nothing else.
"""

import builtins
import sys
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail import report

_TEXT_LIMIT = 2_000
_MOST_BASES = 20
_NAME_LIMIT = 100
_TEXT = "_told_text"
# Exceptions that a test runner takes for an order.
_ORDERS = frozenset({"unittest", "bdb", "doctest"})

ClassNode = dict[str, Any]


def describe(error: BaseException, write: Callable[[object], object]) -> dict[str, object]:
    """The frame's account of an exception, whose methods the program may have written."""
    line, source = report.location(error)
    text = report.text_of(error)[:_TEXT_LIMIT]  # first, as it may ask the tests something
    return {
        "class": class_node(type(error)),
        "args": [_by_value(argument, write) for argument in error.args],
        "attributes": {
            str(name): _by_value(value, write) for name, value in vars(error).items() if name[:1] != "_"
        },
        "text": text,
        "line": line,
        "source": source,
    }


def class_node(kind: type) -> ClassNode:
    known = shared_class(kind.__module__, kind.__qualname__)
    if known is kind:
        return {"module": kind.__module__, "name": kind.__qualname__}
    return {
        "id": id(kind),
        "name": kind.__name__,
        "bases": [class_node(base) for base in kind.__bases__ if issubclass(base, Exception)],
    }


def shared_class(module: object, name: object) -> type[Exception] | None:
    """The class of that name, if it is of the language or of numpy, so that both sides have it."""
    if not (isinstance(module, str) and isinstance(name, str)):
        return None
    top = module.partition(".")[0]
    if top not in sys.stdlib_module_names | {"builtins", "numpy"} or top in _ORDERS:
        return None
    found = getattr(builtins if top == "builtins" else sys.modules.get(module), name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else None


class Mirrors:
    """Classes made after those of the other side, so that `except` and `isinstance` can tell them apart."""

    def __init__(self) -> None:
        self._made: dict[int, type[Exception]] = {}

    def of(self, node: ClassNode) -> type[Exception]:
        """The class that a node describes; raises whatever a malformed node deserves."""
        if "id" not in node:
            known = shared_class(node["module"], node["name"])
            return Exception if known is None else known
        number = int(node["id"])
        if number not in self._made:
            bases = tuple(self.of(base) for base in node["bases"][:_MOST_BASES]) or (Exception,)
            self._made[number] = _make_class(str(node["name"]), bases)
        return self._made[number]

    def is_mirror(self, kind: object) -> bool:
        return any(kind is made for made in self._made.values())

    def error(self, told: dict[str, Any], read: Callable[[object], Any]) -> Exception:
        kind = self.of(told["class"])
        error = _make(kind, [read(argument) for argument in told["args"]], str(told["text"]))
        if self.is_mirror(kind):
            _set(error, _TEXT, str(told["text"]))
        for name, value in told["attributes"].items():
            if name[:1] != "_":
                _set(error, name, read(value))
        return error


def _make_class(name: str, bases: tuple[type[Exception], ...]) -> type[Exception]:
    members = {"__module__": "solution", "__str__": _told_text}
    try:
        return type(name[:_NAME_LIMIT], bases, members)
    except TypeError:  # bases that exclude each other here need not do so there
        return type(name[:_NAME_LIMIT], bases[:1], members)


def _told_text(self: Exception) -> str:
    """The text that the exception has on the other side; one that was made here has its own."""
    return str(vars(self).get(_TEXT, Exception.__str__(self)))


def _make(kind: type[Exception], args: list[object], text: str) -> Exception:
    try:
        return kind(*args)
    except Exception:  # noqa: BLE001 - some need other arguments than those they keep
        return _likeness(kind, text)


def _likeness(kind: type[Exception], text: str) -> Exception:
    """An exception of that class without its constructor; where that fails, one that bears only its name."""
    members = {"__init__": _ignore, "__str__": lambda _: text}
    try:
        likeness: type[Exception] = type(kind.__name__, (kind,), members)
        return likeness()
    except Exception:  # noqa: BLE001 - an ExceptionGroup is made by __new__
        return _make_class(kind.__name__, (Exception,))(text)


def _ignore(self: Exception, *args: object) -> None:
    """Take any arguments."""


def _set(error: Exception, name: str, value: object) -> None:
    try:
        setattr(error, name, value)
    except (AttributeError, TypeError):
        return


def _by_value(value: object, write: Callable[[object], object]) -> object:
    try:
        return write(value)
    except Exception:  # noqa: BLE001 - the program wrote this value's methods
        return "<unprintable>"
