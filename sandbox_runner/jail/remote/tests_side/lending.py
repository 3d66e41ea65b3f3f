"""What the tests handed over that is no data: how it is told, and what the program may ask of it."""

import inspect
import types
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox_runner.jail.remote import alike, wire
from sandbox_runner.jail.remote.frames import LostError
from sandbox_runner.jail.remote.tests_side import functions, mocks
from sandbox_runner.jail.remote.tests_side.awaiting import Awaited
from sandbox_runner.jail.remote.tests_side.own_objects import (
    OwnObjects,
    is_file,
    makes_such,
    may_be_asked,
    owner_of,
)

_CALLED_ONLY = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, partial)
_KEPT = ("handle", "more")
"""What a reference says of objects that the program may not ask."""


class Lending:
    """Numbers what is handed over, and remembers it as long as the conversation lasts."""

    def __init__(
        self,
        own: OwnObjects,
        refuse: Callable[[str], Exception],
        exception_told: Callable[[object], wire.Reference | None],
    ) -> None:
        self._own, self._refuse, self._exception_told = own, refuse, exception_told
        self._lent: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._references: list[wire.Reference] = []
        self._iterated: dict[int, object] = {}
        """By which of the tests' objects an iterator was given."""
        self.awaited = Awaited()

    def __getitem__(self, number: int) -> Any:
        return self._lent[number]

    def __len__(self) -> int:
        return len(self._lent)

    @property
    def has_file(self) -> bool:
        """Whether the program has one to write to that the tests opened."""
        return any(map(is_file, self._lent))

    def found(self, reference: dict[str, Any]) -> object:
        """What the program handed back, or made of a class of records or members that it was lent one of."""
        lent = self._lent[reference["callback"]]
        if "items" not in reference:
            return lent
        if not alike.has_class(self._references[reference["callback"]].get("alike")):
            raise LostError("items of what has none")
        return alike.made_by_tests(lent, map(wire.read_plain, reference["items"]))

    def reference_to(self, value: object) -> wire.Reference:
        known = self._numbers.get(id(value))
        if known is None:
            known = self._numbers[id(value)] = len(self._lent)
            self._lent.append(value)
            self._references.append({"callback": known, **self._about(value)})
        return self._references[known]

    def asked(self, number: int, *, attribute: bool) -> tuple[Callable[..., object], object]:
        """What to call when the program asks, and the object of the tests whose state that may give away."""
        value, reference = self._lent[number], self._references[number]
        owner = self._iterated.get(number, owner_of(value))
        if _is_iterator(value):
            return partial(next, value), owner
        if "awaits" in reference:
            return partial(self.awaited.answer, value), owner
        if not attribute:
            return value, owner
        if mocks.is_mock(value):
            return partial(mocks.attribute_of, value), value
        if "own" in reference or "class" in reference:
            answer = self._own.answer if "own" in reference else self._own.answer_of_class
            return partial(answer, value), value
        return (value if reference.keys().isdisjoint(_KEPT) else partial(self._refused, value)), owner

    def was_given(self, returned: object, owner: object) -> None:
        """Note that an iterator came from an object of the tests."""
        if _is_iterator(returned):
            self._iterated[self._numbers[id(returned)]] = owner

    def _about(self, value: object) -> wire.Reference:
        """What the program must know of what it is handed."""
        if (told := self._exception_told(value)) is not None:
            return told
        if _is_iterator(value):
            return {"iterates": True}
        if type(value) is types.CoroutineType:
            return {"awaits": True}
        if may_be_asked(value):
            return {"own": self._own.told_of(type(value))}
        if (like := alike.told_of(value, wire.write_plain, self._own.number_of)) is not None:
            return {"alike": like}
        about: wire.Reference = {}
        if mocks.is_mock(value):
            about["mock"] = mocks.protocol_of(value)
        if makes_such(value):
            about["class"] = self._own.told_of(value)  # type: ignore[arg-type]
        if callable(value):
            about |= _callable_told(value, more=not about.get("mock"))
        return about or {"handle": _traits_of(value)}

    def _refused(self, value: object, name: str) -> object:
        if callable(value) and not hasattr(value, name):
            raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
        raise self._refuse(f"{name} of an object of {type(value).__name__} cannot be asked by the program")


def _callable_told(value: object, *, more: bool) -> wire.Reference:
    """`more`: it may be asked for more than to be called, if it is none of these."""
    about: wire.Reference = {"about": functions.told_of(value, wire.write_plain)}
    if isinstance(value, types.FunctionType | types.MethodType) and inspect.iscoroutinefunction(value):
        about["async"] = True
    elif isinstance(value, types.FunctionType):
        about["binds"] = True
    return about | {"more": True} if more and not isinstance(value, _CALLED_ONLY) else about


def _is_iterator(value: object) -> bool:
    """A generator, or an iterator of the language: others, such as a file, can do more."""
    return type(value).__module__ in {"builtins", "itertools"} and hasattr(type(value), "__next__")


def _traits_of(value: object) -> list[str]:
    """Of an object that the program may only keep: its class, and what that decides by methods of its own."""
    kind: Any = type(value)
    equal, true = kind.__eq__ is not object.__eq__, hasattr(kind, "__bool__") or hasattr(kind, "__len__")
    decided = (("__eq__", equal), ("__bool__", true))
    return [kind.__name__, *(name for name, decides in decided if decides)]
