"""The tests' side of the conversation: one question at a time, and no answer taken for more than data."""

import threading
import warnings
import weakref
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from sandbox_runner.jail.remote import arrays, errors, wire
from sandbox_runner.jail.remote.exchange import Exchange
from sandbox_runner.jail.remote.frames import Connection, LostError
from sandbox_runner.jail.remote.surroundings import MOST_WARNED
from sandbox_runner.jail.remote.tests_side import logs, warned
from sandbox_runner.jail.remote.tests_side.environment import TestsEnvironment
from sandbox_runner.jail.remote.tests_side.exceptions import Exceptions, catches_failures
from sandbox_runner.jail.remote.tests_side.lending import Lending
from sandbox_runner.jail.remote.tests_side.looping import Loops, running_loop
from sandbox_runner.jail.remote.tests_side.own_objects import OwnObjects
from sandbox_runner.jail.remote.tests_side.patches import TestsPatches
from sandbox_runner.jail.remote.tests_side.seeds import TestsSeeds
from sandbox_runner.jail.remote.tests_side.sizes import NO_QUESTIONS, Sizes
from sandbox_runner.jail.remote.tests_side.sleeping import give_after_sleep, give_no_more
from sandbox_runner.jail.remote.tests_side.streams import TestsStreams
from sandbox_runner.jail.remote.tests_side.swallowing import Swallowed

_MOST_NESTED_CALLBACKS = 50
_LONG_BYTES = 1 << 20


class CandidateGoneError(BaseException):
    """The program is gone. Not an `Exception`, so that a test's `except Exception` lets it pass."""


class NotForwardedError(TypeError):
    """A test asks the program to decide what it must not decide, or passes what cannot be passed."""


class Link:
    def __init__(
        self,
        connection: Connection,
        adopt: Callable[["Link", dict[str, Any]], Any],
        scratch: str | None = None,
    ) -> None:
        """`scratch` is the directory whose files both sides have."""
        self._connection = connection
        self._exchange = Exchange(self._connection, self._refer, self._refer, self._resolve, asks=True)
        self._own = OwnObjects(lambda value: _number_of(value) is not None)
        self.exceptions = Exceptions(self.ask, lambda number: self._lending[number])
        self._lending = Lending(self._own, self.refuse, self.exceptions.told_of)
        self._exchange.altered = self._own.see_that_it_may_hold
        self._adopt = adopt
        self._streams = TestsStreams()
        self._seeds = TestsSeeds()
        self._environment = TestsEnvironment(scratch)
        self._patches = TestsPatches()
        self._adopted: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._released: list[int] = []
        self._nested = 0
        self._has_threads = False
        give_after_sleep(self._pause)
        self._loops = Loops(self._give_turn)
        self._turn = threading.RLock()
        self._asked = 0
        self._swallowed = Swallowed()
        self.sizes = Sizes()
        self.answered = 0
        """Questions that the program answered: none means that the tests never used it."""
        self.gone: str | None = None
        """Why the program is gone. Tests that swallowed this have not passed."""
        self.weak = False
        """Whether the program decided a comparison, or changed files of the tests."""
        self.not_forwarded: str | None = None
        self.functions: set[int] = set()
        """What the tests take for a function, going by its name, whatever it is."""
        self.kinds: set[int] = set()
        """And what for a class."""
        self.constructed: set[int] = set()
        """Classes of the program that the tests made objects of."""
        self.made: set[int] = set()
        """Objects that came by that and by operators on such objects alone, and never as an answer."""
        self._met: set[int] = set()
        self._named: dict[int, tuple[str, object]] = {}
        """What was looked up in the module or a class, so that it keeps its number."""
        self.driven: dict[int, Generator[None, None, Any]] = {}
        """What of the program is awaited by who drives it as a coroutine."""
        self.was_cancelled = False
        """Whether the program cancelled what the tests awaited. A group of tasks takes no notice of that."""
        self.abandoned: list[int] = []
        """What was awaited, and will not be any more, though it is not done."""
        self._making: object = None
        """The reference to what is being made."""

    def ask(self, operation: str, /, *args: object, **kwargs: object) -> Any:
        with self._turn:
            if self.gone is not None:
                raise CandidateGoneError(self.gone)
            self.weak |= self._swallowed.was_noted()
            self.sizes.may_change(operation)
            try:
                return self._ask(operation, args, kwargs)
            except LostError as error:
                self.gone = str(error)
                raise CandidateGoneError(self.gone) from None

    def questions(self) -> int:
        """How many were asked so far."""
        return self._asked

    def release(self, number: int) -> None:
        self._released.append(number)

    def looked_up(self, name: str, value: object) -> None:
        """Take note of the name that the tests use: a class named like a function makes nobody's objects."""
        number = _number_of(value)
        if number is not None:
            (self.kinds if name.lstrip("_")[:1].isupper() else self.functions).add(number)
        self.named(name, value)

    def named(self, name: str, value: object) -> None:
        """Mark the run where two names stand for one object: what tests tell apart by `is` would be equal."""
        number = _number_of(value)
        if number is not None and not callable(value):
            self.weak |= self._named.setdefault(number, (name, value))[0] != name

    def adopted(self, number: int) -> object:
        """The object of that number, if the tests have it."""
        return self._adopted.get(number)

    def end(self) -> None:
        """The tests have ended, however they did."""
        self.weak |= self._swallowed.was_noted() or self.was_cancelled
        give_no_more()
        self._lending.awaited.close()

    def refuse(self, what: str) -> NotForwardedError:
        """The error for a test that cannot be judged; remembered, as the test may swallow it."""
        self.not_forwarded = self.not_forwarded or what
        return NotForwardedError(what)

    def _ask(self, operation: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        patches = self._patches.changes(self._exchange.write)
        with self._patches.lifted():
            return self._converse(operation, args, kwargs, {"patches": patches} if patches else {})

    def _converse(
        self, operation: str, args: tuple[object, ...], kwargs: dict[str, object], said: dict[str, object]
    ) -> object:
        self._asked += 1
        question = self._asked
        request = {"ask": question, "op": operation, "release": self._take_released(), **said}
        try:
            arguments = {
                "args": [self._exchange.write(argument) for argument in args],
                "kwargs": {name: self._exchange.write(value) for name, value in kwargs.items()},
            }
            self._exchange.send(request | arguments | self._surroundings())
        except ValueError as error:
            raise self._unsendable(f"something cannot be passed to the program: {error}") from None
        while "callback" in (answer := self._hear()):
            self._answer_callback(answer)
        with _Hostile(), self._exchange.reading(answer) as read:
            if answer["answer"] != question:
                raise LostError("an answer to another question")
            failed = self.exceptions.arrived(answer["error"], read) if "error" in answer else None
            if self._makes(operation, *args):
                self._making = _reference_in(answer.get("value"))
            value = read(answer["value"]) if failed is None else None
            logged = logs.read(answer.get("logged", ()))
            given = [self.exceptions.arrived(told, read) for told in answer.get("warned", ())[:MOST_WARNED]]
        self.weak |= self._own.weak or catches_failures(value) or arrays.heard_endless()
        if operation not in NO_QUESTIONS:
            self.answered += operation != "get" or (failed is None and not is_asked_later(value))
        logs.give(logged)
        for each in given:
            if isinstance(each, Warning):
                warnings.warn(each, stacklevel=4)
        if failed is not None:
            self._swallowed.note(failed, operation)
            raise failed
        return value

    def _makes(self, operation: str, *args: object) -> bool:
        """Whether what comes of it is made by the tests, as far as they go by objects that they made."""
        number = _number_of(args[0]) if args else None
        if operation in {"copy", "deepcopy"}:
            return number in self.made
        if operation == "operate":
            operands = {_number_of(each) for each in args[1:]}
            return operands - {None} <= self.made
        return operation == "call" and number in self.constructed

    def _pause(self) -> None:
        """Let threads of the program, if it has any and was given something to ask, ask that.

        Else nothing of it would be heard of, and files that it writes meanwhile must not be either.
        """
        if self._has_threads and self._lending and self.gone is None and not self._nested:
            self.ask("pause")

    def _give_turn(self) -> object:
        """Let tasks of the program go on. Says when they will want that again, or None if not now."""
        return self.ask("turn") if self.gone is None and not self._nested else None

    def _surroundings(self) -> dict[str, object]:
        """What the program cannot see of the tests' process, and would in its own."""
        said = self._streams.told(self._exchange.write)
        seeds = self._seeds.taken()
        if seeds:
            said["seeds"] = {name: self._exchange.write(seed) for name, seed in seeds.items()}
        said |= self._environment.changes()
        if logs.are_heard():
            said["logs"] = True
        if running_loop() is not None:
            said["loop"] = True
        if self.abandoned:
            said["abandoned"], self.abandoned = self.abandoned, []
        return said | {"warns": True} if warned.are_recorded() else said

    def _hear(self) -> dict[str, Any]:
        message = self._connection.receive()
        with _Hostile():
            self._streams.hear(message)
            self._environment.hear(message)
            self._has_threads = "threads" in message
            if "tasks" in message:
                self._loops.go_on()
            self.weak |= self._environment.is_altered
        return message

    def _unsendable(self, what: str) -> Exception:
        """The tests' fault, unless it is the program that may have made this too long."""
        may_be_its = self._connection.most_received > _LONG_BYTES or self._lending.has_file
        return ValueError(what) if may_be_its else self.refuse(what)

    def _answer_callback(self, request: dict[str, Any]) -> None:
        with _Hostile(), self._exchange.reading(request) as read:
            function, owner = self._lending.asked(request["callback"], attribute="attribute" in request)
            args = [read(tree) for tree in request["args"]]
            kwargs = {str(name): read(tree) for name, tree in request["kwargs"].items()}
        if self._nested == _MOST_NESTED_CALLBACKS:
            raise LostError("callbacks nested too deep")
        self._nested += 1
        try:
            with self._patches.standing():
                returned = function(*args, **kwargs)
            write = self._exchange.write if owner is None else partial(self._exchange.write_of, owner)
            answer = {"value": write(returned)}
            if owner is not None:
                self._lending.was_given(returned, owner)
        except errors.CROSSING as error:
            # An assertion that failed, which the program may keep from them.
            self.weak |= isinstance(error, AssertionError)
            answer = {"error": self.exceptions.remembered(error, self._exchange.write)}
        except BaseException as error:
            self.gone = self.gone or f"the tests left a callback by {type(error).__name__}"
            raise
        finally:
            self._nested -= 1
        self._send_answer(answer, owner)

    def _send_answer(self, answer: dict[str, object], owner: object) -> None:
        said = self._environment.changes()
        try:
            self._exchange.send({**answer, **said})
        except (ValueError, MemoryError) as error:
            if owner is None and isinstance(error, ValueError):
                raise self._unsendable(str(error)) from None
            # Of an object of the tests it may be the program that made this too long, to have no verdict.
            told = self.exceptions.described(ValueError(str(error)), self._exchange.write)
            self._exchange.send({"error": told, **said})

    def _refer(self, value: object) -> wire.Reference:
        """Whether the tests may put an object of their own into a list must not depend on who shares it."""
        number = _number_of(value)
        if number is None:
            number = self.exceptions.number_of(value)
        return self._lending.reference_to(value) if number is None else {"object": number}

    def _resolve(self, reference: dict[str, Any]) -> object:
        if "callback" in reference:
            return self._lending.found(reference)
        number = reference["object"]
        if type(number) is not int:
            raise LostError("a reference that is no number")
        if "exception" in reference:
            return self.exceptions.class_of(reference["exception"], number)
        if "error" in reference:
            return self.exceptions.lent_as(number, reference["error"])
        if reference is not self._making:
            self._met.add(number)
            self.made.discard(number)
        elif number not in self._met:
            self.made.add(number)
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


def _reference_in(tree: object) -> object:
    return tree.get("ref") if isinstance(tree, dict) else None


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
