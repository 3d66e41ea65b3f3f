"""What the tests handed over that is no data: how it is told, and what the program may ask of it."""

import inspect
import types
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox_runner.jail.remote import alike, wire
from sandbox_runner.jail.remote.frames import LostError
from sandbox_runner.jail.remote.tests_side import functions, mocks, waited
from sandbox_runner.jail.remote.tests_side.awaiting import Awaited
from sandbox_runner.jail.remote.tests_side.own_objects import (
    OwnObjects,
    is_file,
    makes_such,
    may_be_asked,
    owner_of,
)

_CALLED_ONLY = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, partial)
_STATED = ("own", "class")
"""What that says of objects whose state an answer may give away."""
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
        self._answers: dict[str, Callable[..., object]] = {
            "own": own.answer,
            "class": own.answer_of_class,
            "awaits": self.awaited.answer,
            "waits": waited.answer,
        }

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
            self._references.append({"callback": known})
            self._references[known] |= self._about(value)
        return self._references[known]

    def asked(self, number: int, *, attribute: bool) -> tuple[Callable[..., object], object]:
        """What to call when the program asks, and the object of the tests whose state that may give away."""
        value, reference = self._lent[number], self._references[number]
        owner = self._iterated.get(number, owner_of(value))
        if _is_iterator(value):
            return partial(next, value), owner
        if not attribute:
            return value, owner
        if mocks.is_mock(value):
            return partial(mocks.attribute_of, value), value
        for kind, answer in self._answers.items():
            if kind in reference:
                return partial(answer, value), value if kind in _STATED else owner
        return (value if reference.keys().isdisjoint(_KEPT) else partial(self._refused, value)), owner

    def was_given(self, returned: object, owner: object) -> None:
        """Note that an iterator came from an object of the tests."""
        if _is_iterator(returned):
            self._iterated[self._numbers[id(returned)]] = owner

    def _about(self, value: object) -> wire.Reference:
        """What the program must know of what it is handed."""
        for tell in (self._exception_told, _going_on_told, self._own_told, self._alike_told):
            if (told := tell(value)) is not None:
                return told
        about: wire.Reference = {}
        if mocks.is_mock(value):
            about["mock"] = mocks.protocol_of(value)
        if makes_such(value):
            about["class"] = self._own.told_of(value)  # type: ignore[arg-type]
        if callable(value):
            about |= _callable_told(value, self._write_annotation, more=not about.get("mock"))
        return about or {"handle": _traits_of(value)}

    def _own_told(self, value: object) -> wire.Reference | None:
        return {"own": self._own.told_of(type(value))} if may_be_asked(value) else None

    def _alike_told(self, value: object) -> wire.Reference | None:
        told = alike.told_of(value, wire.write_plain, self._own.number_of)
        return None if told is None else {"alike": told}

    def _write_annotation(self, value: object) -> object:
        return {"ref": self.reference_to(value)} if makes_such(value) else wire.write_plain(value)

    def _refused(self, value: object, name: str) -> object:
        is_bare = type(value) is object and name[:1] != "_"
        if (callable(value) or is_bare) and not hasattr(value, name):
            raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
        raise self._refuse(f"{name} of an object of {type(value).__name__} cannot be asked by the program")


def _going_on_told(value: object) -> wire.Reference | None:
    """What goes on by itself, or is waited for."""
    if _is_iterator(value):
        return {"iterates": True}
    if type(value) is types.CoroutineType:
        return {"awaits": True}
    kind = waited.kind_of(value)
    return None if kind is None else {"waits": [kind, type(value).__name__]}


def _callable_told(value: object, write: functions.Plain, *, more: bool) -> wire.Reference:
    """`more`: it may be asked for more than to be called, if it is none of these."""
    about: wire.Reference = {"about": functions.told_of(value, write)}
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
