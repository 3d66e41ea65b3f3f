"""What the program has in the place of what the tests handed over and is no data."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sandbox_runner.jail.remote import alike, errors, wire
from sandbox_runner.jail.remote.program_side.awaiting import awaited, function_for
from sandbox_runner.jail.remote.program_side.borrowed import (
    Borrowed,
    borrowed_for,
    lent_class,
    number_of,
)
from sandbox_runner.jail.remote.program_side.callbacks import (
    Callback,
    CallbackFunction,
    CallbackIterator,
    CallbackObject,
    mock_for,
)
from sandbox_runner.jail.remote.program_side.functions import give_names
from sandbox_runner.jail.remote.program_side.handles import Handle, handle_for
from sandbox_runner.jail.remote.program_side.waiting import Waited, waited_for


class StandIns:
    """One for each thing of the tests, however often it is handed over."""

    def __init__(self, call_back: Callable[..., object], mirrors: errors.Mirrors) -> None:
        self._call_back, self._mirrors = call_back, mirrors
        self._made: dict[int, object] = {}
        self._numbers: dict[int, int] = {}
        """Of what does not bear its own: classes of exceptions, and what is only like theirs, by identity."""
        self._kinds: dict[int, type[Borrowed]] = {}
        self._record_kinds: dict[int, Any] = {}
        self._records: dict[type, int] = {}
        """By its class the number of the first of the tests' named tuples or members."""
        self._makers: dict[str, Callable[[int, dict[str, Any]], object]] = {
            "error": self._error,
            "own": self._borrowed,
            "alike": self._alike,
            "awaits": self._awaited,
            "handle": self._handle,
            "iterates": self._iterator,
            "waits": self._waited,
        }

    def made_for(self, reference: dict[str, Any]) -> object:
        """What a reference leads to. Raises KeyError or TypeError for one that is none."""
        number = int(reference["callback"])
        if "exception" in reference:
            mirror = self._mirrors.of(reference["exception"])
            if self._mirrors.is_mirror(mirror):
                self._numbers[id(mirror)] = number
            return mirror
        if number not in self._made:
            self._made[number] = self._make(number, reference)
        return self._made[number]

    def reference_to(self, value: Any) -> wire.Reference | None:
        """How to hand it back, if it is one, or a record or member that the program made of its class."""
        number = self.number_of(value)
        if number is not None:
            return {"callback": number}
        if type(value) in self._records:
            with suppress(TypeError, ValueError):
                items = [*map(wire.write_plain, alike.parts_of(value))]
                return {"callback": self._records[type(value)], "items": items}
        return None

    def number_of(self, value: object) -> int | None:
        """The number that the tests know it by, if it is one; none of its methods is asked."""
        kinds = type(value).__mro__
        if Borrowed in kinds:
            return number_of(value)  # type: ignore[arg-type]
        if not {Callback, Handle, Waited}.isdisjoint(kinds):
            number: int = value.number  # type: ignore[attr-defined]
            return number
        return self._numbers.get(id(value))

    def _make(self, number: int, reference: dict[str, Any]) -> object:
        make = next((self._makers[kind] for kind in reference if kind in self._makers), None)
        return self._callback(number, reference) if make is None else make(number, reference)

    def _error(self, number: int, reference: dict[str, Any]) -> object:
        return self._mirrors.error(reference["error"], wire.read_plain)

    def _borrowed(self, number: int, reference: dict[str, Any]) -> object:
        return borrowed_for(self._call_back, number, reference["own"], self._kinds)

    def _alike(self, number: int, reference: dict[str, Any]) -> object:
        made: Any = alike.made_of(reference["alike"], wire.read_plain, self._record_kinds)
        if alike.has_class(reference["alike"]):
            self._records.setdefault(type(made), number)
        return self._known_as(number, made)

    def _awaited(self, number: int, reference: dict[str, Any]) -> object:
        return self._known_as(number, awaited(self._call_back, number))

    def _handle(self, number: int, reference: dict[str, Any]) -> object:
        name, *traits = reference["handle"]
        return handle_for(self._call_back, number, traits, name)

    def _iterator(self, number: int, reference: dict[str, Any]) -> object:
        return CallbackIterator(self._call_back, number)

    def _waited(self, number: int, reference: dict[str, Any]) -> object:
        return waited_for(self._call_back, number, *reference["waits"])

    def _read_annotation(self, tree: Any) -> Any:
        is_class = isinstance(tree, dict) and "ref" in tree
        return self.made_for(tree["ref"]) if is_class else wire.read_plain(tree)

    def _known_as(self, number: int, made: object) -> object:
        self._numbers[id(made)] = number
        return made

    def _callback(self, number: int, reference: dict[str, Any]) -> object:
        made: object
        if "mock" in reference:
            made = mock_for(self._call_back, number, reference["mock"])
        elif "class" in reference:
            kind_told = reference["class"]
            made = self._known_as(number, lent_class(self._call_back, number, kind_told, self._kinds))
        elif "async" in reference:
            made = self._known_as(number, function_for(self._call_back, number))
        else:
            kind = CallbackFunction if "binds" in reference else Callback
            made = (CallbackObject if "more" in reference else kind)(self._call_back, number)
        if "about" in reference:
            give_names(made, reference["about"], self._read_annotation)
        return made
