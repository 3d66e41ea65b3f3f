"""Objects of the program that the tests know by a number, and what they are told of each."""

import sys
from enum import Enum
from typing import Any

from sandbox_runner.jail.remote import errors, functions, wire
from sandbox_runner.jail.remote.operators import BINARY

_MOST_OBJECTS = 100_000
_MOST_CLASSES = 50
_ABILITIES = {
    "call": "__call__",
    "iter": "__iter__",
    "next": "__next__",
    "reversed": "__reversed__",
    "len": "__len__",
    "getitem": "__getitem__",
    "setitem": "__setitem__",
    "delitem": "__delitem__",
    "enter": "__enter__",
    "array": "__array__",
    "await": "__await__",
    "aiter": "__aiter__",
    "anext": "__anext__",
    "aenter": "__aenter__",
}
_OPERATORS = frozenset(f"__{side}{name}__" for side in ("", "r") for name in BINARY)
# Of these the tests ask another way, or they tell nothing of what is in an object.
_HARMLESS = frozenset(vars(object)) - {"__lt__", "__le__", "__gt__", "__ge__"} | {"__module__", "__dict__"}
_OF_DESCRIPTORS = {
    "describe": "__get__",
    "describe set": "__set__",
    "describe delete": "__delete__",
    "describe name": "__set_name__",
}


class Lent:
    """Remembers each until the tests let go of it."""

    def __init__(self, module: object, number_of: errors.NumberOf) -> None:
        """`number_of` tells the number of what is the tests' own."""
        self.objects: dict[int, Any] = {wire.MODULE: module}
        self._numbers: dict[int, int] = {}
        self._next = wire.MODULE + 1
        self._number_of = number_of

    def reference_to(self, value: object) -> wire.Reference:
        """How to hand it over."""
        kind = type(value)
        described: wire.Reference = {
            "object": self.number(value),
            "name": kind.__name__,
            "can": _abilities(value),
            "classes": [self.number(each) for each in kind.__mro__[:_MOST_CLASSES] if _is_own(each)],
        }
        described |= _traits(kind)
        if abcs := _abcs(value if isinstance(value, type) else kind):
            described["abcs"] = abcs
        if errors.is_data(kind):
            described["error"] = errors.describe(value, wire.write_plain, self._number_of)  # type: ignore[arg-type]
        if isinstance(value, type):
            described["class"] = value.__name__
            if _decides_by_attributes(value):
                described["protocol"] = sorted(sys.modules["typing"]._get_protocol_attrs(value))  # noqa: SLF001
            if issubclass(value, Exception):
                described["exception"] = errors.class_node(value, self._number_of)
        return described

    def number(self, value: object) -> int:
        """By which the tests know it from now on. Raises MemoryError where they have too many."""
        number = self._numbers.get(id(value))
        if number is None:
            if len(self.objects) >= _MOST_OBJECTS:
                raise MemoryError(f"more than {_MOST_OBJECTS} objects lent to the tests")
            number, self._next = self._next, self._next + 1
            self.objects[number], self._numbers[id(value)] = value, number
        return number

    def forget(self, number: int) -> None:
        """The tests have let go of it."""
        if number != wire.MODULE and number in self.objects:
            del self._numbers[id(self.objects.pop(number))]


def _abilities(value: object) -> list[str]:
    kind = type(value)
    able = [ability for ability, method in _ABILITIES.items() if _defines(kind, method)]
    if _is_own(kind):
        able += [ability for ability, method in _OF_DESCRIPTORS.items() if _defines(kind, method)]
    generic = isinstance(value, type) and _defines(value, "__class_getitem__")
    return [*able, "getitem"] if generic else able


def _traits(kind: type) -> wire.Reference:
    """What the other side must know of an object to answer for it, or to ask."""
    described: wire.Reference = {"own": True} if _is_own(kind) else {}
    if _is_own(kind) and _defines(kind, "__contains__"):
        described["decides_in"] = True
    if _is_own(kind) and (_defines(kind, "__bool__") or _defines(kind, "__len__")):
        described["decides_truth"] = True
    if any("__eq__" in vars(each) for each in kind.__mro__[:-1]):
        described["decides_eq"] = True
    base = wire.data_kind(kind)
    if base is not None:
        described["plain"] = base.__name__
        if overrides := _overrides(kind, base):
            described["overrides"] = overrides
    elif functions.KINDS.get(kind.__name__) is kind:
        described["kind"] = kind.__name__
    elif Enum in kind.__mro__:
        described["kind"] = Enum.__name__
    hashing = next(vars(each)["__hash__"] for each in kind.__mro__ if "__hash__" in vars(each))
    if hashing is not object.__hash__:
        described["unhashable" if hashing is None else "decides_hash"] = True
    return described


def _overrides(kind: type, base: type) -> list[str]:
    """What a class of the program that derives from a plain type does otherwise than that."""
    ours = (each for each in kind.__mro__ if _is_own(each) and not _is_of_numpy(each))
    own = {name for each in ours for name in vars(each)}
    return sorted(name for name in own - _HARMLESS if hasattr(base, name) or name in _OPERATORS)


def _is_of_numpy(kind: type) -> bool:
    module = sys.modules.get(kind.__module__) if kind.__module__.partition(".")[0] == "numpy" else None
    return getattr(module, kind.__qualname__, None) is kind


def _abcs(kind: type) -> list[str]:
    """What its class says that it is, such as a `Mapping`."""
    return [each.__name__ for each in kind.__mro__ if each.__module__ == "collections.abc"]


def _decides_by_attributes(kind: type) -> bool:
    """Whether it is a protocol that may be asked for instances."""
    return all(getattr(kind, name, False) is True for name in ("_is_protocol", "_is_runtime_protocol"))


def _defines(kind: type, method: str) -> bool:
    """Unlike `hasattr`, does not take the metaclass's methods for the class's."""
    return any(method in vars(each) for each in kind.__mro__)


def _is_own(kind: type) -> bool:
    return not wire.is_standard(kind.__module__)
