"""Exceptions that cross: by name where both sides have the class, else as a class made anew.

An exception arrives as data: of the other side's class come its name, bases and attributes, nothing else.
One that comes home is of the class that it left with, and one that the tests raised is the very same.
"""

import builtins
import sys
from collections.abc import Callable, Iterator
from typing import Any

from sandbox_runner.jail import compact, report, values

_TEXT_LIMIT = 2_000
_MOST_BASES = 20
_NAME_LIMIT = 100
_MEMBER_LIMIT = 10_000
_MOST_CAUSES = 5
_MOST_NOTES = 20
_TEXT, _REPR = "_told_text", "_told_repr"
_MIRROR = "_mirror"
_COPIED = "copied"
_RAISED = "_raised_by_tests"
"""Attribute of an exception that the program met in a function of the tests: the number they know it by."""
# Exceptions that a test runner takes for an order.
_ORDERS = frozenset({"unittest", "bdb", "doctest"})
CROSSING = (Exception, SystemExit)
"""What a function that the tests call may answer. What else ends a program ends it."""

ClassNode = dict[str, Any]
NumberOf = Callable[[type], int | None]
"""The number under which the other side gave a class, if it did."""


def describe(
    error: BaseException,
    write: Callable[[object], object],
    number_of: NumberOf,
    causes: int = _MOST_CAUSES,
) -> dict[str, object]:
    """The frame's account of an exception, whose methods the program may have written."""
    line, source = report.location(error)
    text = report.text_of(error)[:_TEXT_LIMIT]  # first, as it may ask the tests something
    attributes = {name: value for name, value in vars(error).items() if name[:1] != "_"}
    if isinstance(error, OSError):
        attributes["filename"] = error.filename
    told: dict[str, object] = {
        "class": class_node(type(error), number_of),
        "args": [_by_value(argument, write) for argument in error.args],
        "attributes": {str(name): _by_value(value, write) for name, value in attributes.items()},
        "text": text,
        "line": line,
        "source": source,
        "alone": error.__suppress_context__,
    }
    if notes := [str(note)[:_TEXT_LIMIT] for note in getattr(error, "__notes__", ())[:_MOST_NOTES]]:
        told["notes"] = notes
    if _represents(type(error)):
        told["repr"] = _represented(error)
    if _RAISED in vars(error):
        told["raised"] = vars(error)[_RAISED]
    if causes and error.__cause__ is not None:
        told["cause"] = describe(error.__cause__, write, number_of, causes - 1)
    if causes and isinstance(error, ExceptionGroup):
        members = error.exceptions[:_MOST_BASES]
        told["members"] = [describe(each, write, number_of, causes - 1) for each in members]
        told["text"] = error.message
    return told


def class_node(kind: type, number_of: NumberOf) -> ClassNode:
    number = number_of(kind)
    if number is not None:
        return {"yours": number}
    known = shared_class(kind.__module__, kind.__qualname__)
    if known is kind:
        return {"module": kind.__module__, "name": kind.__qualname__}
    return {
        "id": id(kind),
        "name": kind.__name__,
        "bases": [class_node(base, number_of) for base in kind.__bases__ if issubclass(base, CROSSING)],
        "members": dict(_members_told(kind)),
    }


def _members_told(kind: type) -> Iterator[tuple[str, object]]:
    """What all exceptions of the class have, such as a code: public data, as it is now."""
    for name, member in vars(kind).items():
        if name[:1] != "_" and not hasattr(BaseException, name) and values.is_plain(member):
            tree = values.tag(member)
            if len(compact.write(tree)) <= _MEMBER_LIMIT:
                yield name, tree


def _represents(kind: type) -> bool:
    """Whether a class of the program's, or of the tests', says how its exceptions are shown."""
    own = (each for each in kind.__mro__ if shared_class(each.__module__, each.__qualname__) is not each)
    return any("__repr__" in vars(each) for each in own if each is not object)


def _represented(error: BaseException) -> str:
    try:
        return repr(error)[:_TEXT_LIMIT]
    except Exception:  # noqa: BLE001 - the program wrote this __repr__
        return "<unprintable>"


def is_data(kind: type) -> bool:
    """Whether all that an exception of this class can do is to be raised and looked at."""
    if not issubclass(kind, CROSSING):
        return False
    own = (each for each in kind.__mro__ if not hasattr(builtins, each.__name__))
    members = ((name, member) for each in own for name, member in vars(each).items())
    return not any(
        name[:1] != "_" and (callable(member) or isinstance(member, property)) for name, member in members
    )


def shared_class(module: object, name: object) -> type[BaseException] | None:
    """The class of that name, if it is of the language or of numpy, so that both sides have it."""
    if not (isinstance(module, str) and isinstance(name, str)):
        return None
    top = module.partition(".")[0]
    if top not in sys.stdlib_module_names | {"builtins", "numpy"} or top in _ORDERS:
        return None
    found = getattr(builtins if top == "builtins" else sys.modules.get(module), name, None)
    return found if isinstance(found, type) and issubclass(found, CROSSING) else None


class Mirrors:
    """Classes made after those of the other side, so that `except` and `isinstance` can tell them apart.

    `own` is the class that this side gave the other under a number, `raised` the exception.
    """

    def __init__(
        self, own: Callable[[int], Any], raised: Callable[[int], BaseException | None] = lambda _: None
    ) -> None:
        self._own = own
        self._raised = raised
        self._made: dict[int, type[BaseException]] = {}

    def of(self, node: ClassNode) -> type[BaseException]:
        """The class that a node describes; raises whatever a malformed node deserves."""
        if "yours" in node:
            own = self._own(int(node["yours"]))
            if not (isinstance(own, type) and issubclass(own, Exception)):
                raise TypeError("no class of exceptions")
            return own
        if "id" not in node:
            known = shared_class(node["module"], node["name"])
            return Exception if known is None else known
        number = int(node["id"])
        if number not in self._made:
            bases = tuple(self.of(base) for base in node["bases"][:_MOST_BASES]) or (Exception,)
            self._made[number] = _make_class(str(node["name"]), bases)
            for name, tree in node["members"].items():
                if name[:1] != "_" and not hasattr(BaseException, name):
                    setattr(self._made[number], name, values.untag(tree))
        return self._made[number]

    def is_mirror(self, kind: object) -> bool:
        return any(kind is made for made in self._made.values())

    def error(self, told: dict[str, Any], read: Callable[[object], Any]) -> BaseException:
        raised = self._raised(int(told["raised"])) if "raised" in told else None
        if raised is not None:
            return raised
        kind, text = self.of(told["class"]), str(told["text"])
        if "members" in told and issubclass(kind, ExceptionGroup):
            error: BaseException = kind(text, [self.error(each, read) for each in told["members"]])
        else:
            error = _make(kind, [_value(argument, read) for argument in told["args"]], text)
        if self.is_mirror(kind):
            _set(error, _TEXT, text)
            if "repr" in told:
                _set(error, _REPR, str(told["repr"]))
        for name, value in told["attributes"].items():
            if name[:1] != "_":
                _set(error, name, _value(value, read))
        if "raised" in told:
            _set(error, _RAISED, int(told["raised"]))
        for note in told.get("notes", ()):
            error.add_note(str(note))
        error.__suppress_context__ = told.get("alone") is True
        if "cause" in told:
            error.__cause__ = self.error(told["cause"], read)
        return error


def _make_class(name: str, bases: tuple[type[BaseException], ...]) -> type[BaseException]:
    members = {"__module__": "solution", "__str__": _told_text, "__repr__": _told_repr, _MIRROR: True}
    try:
        return type(name[:_NAME_LIMIT], bases, members)
    except TypeError:  # bases that exclude each other here need not do so there
        return type(name[:_NAME_LIMIT], bases[:1], members)


def _told_text(self: BaseException) -> str:
    """The text that the exception has on the other side; one that was made here has its own."""
    return str(vars(self).get(_TEXT, BaseException.__str__(self)))


def _told_repr(self: BaseException) -> str:
    return str(vars(self).get(_REPR, BaseException.__repr__(self)))


def _make(kind: type[BaseException], args: list[object], text: str) -> BaseException:
    try:
        error = kind.__new__(kind, *args)
        known: Any = next(each for each in kind.__mro__ if _MIRROR not in vars(each))
        known.__init__(error, *args)  # the other side's constructor had its turn
    except Exception:  # noqa: BLE001 - some need other arguments than those they keep
        return _likeness(kind, text)
    return error


def made_of(kind: type[BaseException], text: str) -> BaseException:
    """One with this text, whatever arguments its class needs."""
    return _make(kind, [text], text)


def _likeness(kind: type[BaseException], text: str) -> BaseException:
    """An exception of that class without its constructor; where that fails, one that bears only its name."""
    members = {"__init__": _ignore, "__str__": lambda _: text}
    try:
        likeness: type[BaseException] = type(kind.__name__, (kind,), members)
        return likeness()
    except Exception:  # noqa: BLE001 - an ExceptionGroup is made by __new__
        return _make_class(kind.__name__, (Exception,))(text)


def _ignore(self: BaseException, *args: object) -> None:
    """Take any arguments."""


def _set(error: BaseException, name: str, value: object) -> None:
    try:
        setattr(error, name, value)
    except (AttributeError, TypeError):
        return


def _by_value(value: object, write: Callable[[object], object]) -> object:
    """Where it cannot be shared, a copy of it."""
    try:
        return write(value)
    except Exception:  # noqa: BLE001 - the program wrote this value's methods
        return {_COPIED: values.tag(value)} if values.is_plain(value) else "<unprintable>"


def _value(tree: Any, read: Callable[[object], Any]) -> Any:
    is_copied = isinstance(tree, dict) and _COPIED in tree
    return values.untag(tree[_COPIED]) if is_copied else read(tree)
