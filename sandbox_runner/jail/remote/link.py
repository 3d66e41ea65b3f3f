"""The tests' side of the conversation: one question at a time, and no answer taken for more than data."""

import threading
import weakref
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote import errors, wire
from sandbox_runner.jail.remote.frames import Connection, LostError

_MUTABLE = (list, dict, set)
_MOST_NESTED_CALLBACKS = 50
_LONG_BYTES = 1 << 20
CROSSED = "_crossed"
"""Attribute of exceptions that the program raised: where and what."""


class CandidateGoneError(BaseException):
    """The program is gone. Not an `Exception`, so that a test's `except Exception` lets it pass."""


class NotForwardedError(TypeError):
    """A test asks the program to decide what it must not decide, or passes what cannot be passed."""


class Link:
    def __init__(self, descriptor: int, adopt: Callable[["Link", dict[str, Any]], Any]) -> None:
        self._connection = Connection(descriptor)
        self._adopt = adopt
        self._mirrors = errors.Mirrors()
        self._mirrored: dict[type, int] = {}
        self._adopted: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._released: list[int] = []
        self._callbacks: list[Callable[..., object]] = []
        self._nested = 0
        self._turn = threading.RLock()
        self._asked = 0
        self.answered = 0
        """Questions that the program answered: none means that the tests never used it."""
        self.gone: str | None = None
        """Why the program is gone. Tests that swallowed this have not passed."""
        self.weak = False
        """Whether the program decided a comparison."""
        self.not_forwarded: str | None = None
        self.functions: set[int] = set()
        """What the tests take for a function, going by its name, whatever it is."""
        self.constructed: set[int] = set()
        """Classes of the program that the tests made objects of."""

    def ask(self, operation: str, /, *args: object, **kwargs: object) -> Any:
        with self._turn:
            if self.gone is not None:
                raise CandidateGoneError(self.gone)
            try:
                return self._ask(operation, args, kwargs)
            except LostError as error:
                self.gone = str(error)
                raise CandidateGoneError(self.gone) from None

    def release(self, number: int) -> None:
        self._released.append(number)

    def looked_up(self, name: str, value: object) -> None:
        """Take note of the name that the tests use: a class named like a function makes nobody's objects."""
        number = _number_of(value)
        if number is not None and not name.lstrip("_")[:1].isupper():
            self.functions.add(number)

    def refuse(self, what: str) -> NotForwardedError:
        """The error for a test that cannot be judged; remembered, as the test may swallow it."""
        self.not_forwarded = self.not_forwarded or what
        return NotForwardedError(what)

    def _ask(self, operation: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        self._asked += 1
        question = self._asked
        request = {"ask": question, "op": operation, "release": self._take_released()}
        try:
            self._connection.send(request | self._arguments(args, kwargs))
        except ValueError as error:
            raise self._unsendable(f"an argument cannot be passed to the program: {error}") from None
        while "callback" in (answer := self._connection.receive()):
            self._answer_callback(answer)
        with _Hostile():
            if answer["answer"] != question:
                raise LostError("an answer to another question")
            value: object = None
            failed = self._error(answer["error"]) if "error" in answer else None
            if failed is None:
                self._copy_back(answer["changed"], args, kwargs)
                value = wire.read(answer["value"], self._resolve)
        self.answered += operation != "get" or (failed is None and not is_asked_later(value))
        if failed is not None:
            raise failed
        return value

    def _unsendable(self, what: str) -> Exception:
        """The tests' fault, unless they hand back what the program may have made too long for that."""
        return ValueError(what) if self._connection.most_received > _LONG_BYTES else self.refuse(what)

    def _arguments(self, args: tuple[object, ...], kwargs: dict[str, object]) -> dict[str, object]:
        return {
            "args": [wire.write(argument, self._refer) for argument in args],
            "kwargs": {name: wire.write(value, self._refer) for name, value in kwargs.items()},
        }

    def _copy_back(self, changed: list[Any], args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        """Let the tests see what a function did to their lists, dicts and sets."""
        for place, tree in changed:
            given: Any = kwargs[place] if isinstance(place, str) else args[place]
            after = wire.read(tree, self._resolve)
            if type(given) not in _MUTABLE or type(after) is not type(given):
                raise LostError("a changed argument of another type")
            given.clear()
            (given.extend if isinstance(given, list) else given.update)(after)

    def _answer_callback(self, request: dict[str, Any]) -> None:
        with _Hostile():
            function = self._callbacks[request["callback"]]
            args = [wire.read(tree, self._resolve) for tree in request["args"]]
            kwargs = {str(name): wire.read(tree, self._resolve) for name, tree in request["kwargs"].items()}
        if self._nested == _MOST_NESTED_CALLBACKS:
            raise LostError("callbacks nested too deep")
        self._nested += 1
        try:
            answer = {"value": wire.write(function(*args, **kwargs), self._refer)}
        except Exception as error:  # noqa: BLE001 - the program is told
            answer = {"error": errors.describe(error, self._refer)}
        except BaseException as error:
            self.gone = self.gone or f"the tests left a callback by {type(error).__name__}"
            raise
        finally:
            self._nested -= 1
        self._connection.send(answer)

    def _error(self, told: dict[str, Any]) -> Exception:
        error = self._mirrors.error(told, self._resolve)
        where = {"type": type(error).__name__, **{name: told[name] for name in ("text", "line", "source")}}
        setattr(error, CROSSED, where)
        return error

    def _refer(self, value: object) -> wire.Reference:
        number = _number_of(value)
        if number is None and isinstance(value, type):
            number = self._mirrored.get(value)
        if number is not None:
            return {"object": number}
        if callable(value):
            self._callbacks.append(value)
            return {"callback": len(self._callbacks) - 1}
        raise self.refuse(f"an object of {type(value).__name__} cannot be passed to the program")

    def _resolve(self, reference: dict[str, Any]) -> object:
        if "callback" in reference:
            return self._callbacks[reference["callback"]]
        number = reference["object"]
        if type(number) is not int:
            raise LostError("a reference that is no number")
        if "exception" in reference:
            mirror = self._mirrors.of(reference["exception"])
            self._mirrored[mirror] = number
            return mirror
        adopted = self._adopted.get(number)
        if adopted is None:
            adopted = self._adopted[number] = self._adopt(self, reference)
        return adopted

    def _take_released(self) -> list[int]:
        released, self._released = self._released, []
        return [number for number in released if number not in self._adopted]


def _number_of(value: object) -> int | None:
    number: int | None = getattr(type(value), "_number_of", lambda _: None)(value)
    return number


def is_asked_later(value: object) -> bool:
    """A function that was only looked up has not been used yet; an object in its place is an answer."""
    return hasattr(type(value), "_number_of") and callable(value)


class _Hostile:
    """Whatever reading the other side's message raises means that it is not honest."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None and isinstance(error, Exception) and not isinstance(error, LostError):
            raise LostError(f"a malformed message: {type(error).__name__}") from None
