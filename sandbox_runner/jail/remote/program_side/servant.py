"""The program's side: answers what the tests' jail asks of a module that was just executed.

It shares the process with the program, which may patch or forge all of this. Whoever reads its answers takes
them for what the program says.
"""

import types
from collections.abc import Callable
from contextlib import nullcontext
from threading import active_count
from typing import Any

from sandbox_runner.jail.remote import errors, wire
from sandbox_runner.jail.remote.exchange import Exchange
from sandbox_runner.jail.remote.frames import Connection, LostError
from sandbox_runner.jail.remote.program_side import begun, logs, seeds, warned
from sandbox_runner.jail.remote.program_side.environment import ProgramEnvironment
from sandbox_runner.jail.remote.program_side.lent import Lent
from sandbox_runner.jail.remote.program_side.operations import OPERATIONS
from sandbox_runner.jail.remote.program_side.patches import ProgramPatches
from sandbox_runner.jail.remote.program_side.stand_ins import StandIns
from sandbox_runner.jail.remote.program_side.streams import ProgramStreams
from sandbox_runner.jail.remote.program_side.turns import Given, Turns
from sandbox_runner.jail.remote.surroundings import CALLED, MOST_WARNED, Logged


def serve(connection: int, namespace: dict[str, object], environment: ProgramEnvironment) -> None:
    """Answer on this descriptor until the other side closes it. An exit of the program passes through."""
    _Servant(Connection(connection), namespace, environment).answer_until_closed()


class _Module:
    """The program's globals as an object with attributes."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self.__dict__ = namespace

    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"module 'solution' has no attribute {name!r}")


class _Servant:
    def __init__(
        self, connection: Connection, namespace: dict[str, object], environment: ProgramEnvironment
    ) -> None:
        self._connection = connection
        self._exchange = Exchange(connection, self._refer, self._refer, self._resolve, asks=False)
        self._namespace = namespace
        self._streams = ProgramStreams()
        self._patches = ProgramPatches()
        self._environment = environment
        self._warnings: list[Warning] = []
        self._logged: list[Logged] = []
        self._mirrors = errors.Mirrors(lambda number: self._lent.objects[number])
        self._stand_ins = StandIns(self.call_back, self._mirrors)
        self._lent = Lent(_Module(namespace), self._stand_ins.number_of)
        self._turn = Turns()
        """To speak. Who answers has it, but not while the program's code runs: then its threads may ask."""
        self._asking = 0
        self._operations: dict[str, Callable[..., object]] = {
            **OPERATIONS,
            "names": self._names,
        }

    def answer_until_closed(self) -> None:
        try:
            with self._turn:
                while True:
                    self._answer(self._connection.receive())
        except LostError:
            return

    def call_back(
        self, number: int, args: tuple[object, ...], kwargs: dict[str, object], **said: object
    ) -> object:
        """Call a function of the tests and answer what they ask meanwhile."""
        with self._turn, self._patches.aside():
            self._asking += 1
            try:
                return self._call_back(number, args, kwargs, said)
            finally:
                self._asking -= 1

    def _call_back(
        self, number: int, args: tuple[object, ...], kwargs: dict[str, object], said: dict[str, object]
    ) -> object:
        arguments = {
            "args": [self._exchange.write(argument) for argument in args],
            "kwargs": {name: self._exchange.write(value) for name, value in kwargs.items()},
        }
        self._exchange.send({"callback": number, **arguments, **said, **self._said()})
        while "ask" in (message := self._connection.receive()):
            self._answer(message)
        self._environment.take_over(message)
        with self._exchange.reading(message) as read:
            failed = self._mirrors.error(message["error"], read) if "error" in message else None
            value = read(message["value"]) if failed is None else None
        if failed is not None:
            raise failed
        return value

    def _answer(self, request: dict[str, Any]) -> None:
        for number in request["release"]:
            self._lent.forget(number)
        begun.abandon(request.get("abandoned", ()))
        number = request["ask"]
        try:
            answer = {"value": self._carry_out(request)}
        except LostError:
            raise
        except errors.CROSSING as error:
            answer = {"error": self._describe(error)}
        try:
            self._exchange.send({"answer": number, **answer, **self._said(), **self._warned()})
        except ValueError as error:  # too long
            self._exchange.send({"answer": number, "error": self._describe(error)})

    def _carry_out(self, request: dict[str, Any]) -> object:
        with self._exchange.reading(request) as read:
            args = [read(tree) for tree in request["args"]]
            kwargs = {name: read(tree) for name, tree in request["kwargs"].items()}
            called = {name: read(request[name]) for name in CALLED if name in request}
            self._patches.take_over(request.get("patches", []), read)
            seeds.sow({name: read(seed) for name, seed in request.get("seeds", {}).items()})
        self._environment.take_over(request)
        recorded = warned.recorded(request.get("warns") is True, self._warnings)
        listened = logs.listened(request.get("logs") is True, self._logged)
        # Who asks the tests goes on speaking until they answer, whatever they ask meanwhile.
        open_to_threads = nullcontext() if self._asking else Given(self._turn)
        streams, standing = self._streams.replaced(request, called), self._patches.standing()
        loop = begun.loop_of_tests(request.get("loop") is True)
        with streams, recorded, listened, standing, open_to_threads, loop:
            returned = self._operations[request["op"]](*args, **kwargs)
        return self._exchange.write(returned)

    def _said(self) -> dict[str, object]:
        going_on = {"threads": True} if active_count() > 1 else {}
        if begun.has_work():
            going_on["tasks"] = True
        return {**self._streams.said(), **self._environment.said(), **going_on}

    def _warned(self) -> dict[str, object]:
        """What was warned of and logged since this was last asked."""
        given, self._warnings[:] = self._warnings[:MOST_WARNED], []
        logged, self._logged[:] = self._logged[:], []
        said = {"warned": [self._describe(each) for each in given]} if given else {}
        return {**said, "logged": logged} if logged else {**said}

    def _describe(self, error: BaseException) -> dict[str, object]:
        told = errors.describe(error, self._exchange.write, self._stand_ins.number_of)
        return told if errors.is_data(type(error)) else {**told, "object": self._lent.number(error)}

    def _names(self) -> list[list[str | None]]:
        """Public names with the module they come from, where that is not the program itself."""
        return [
            [name, _origin(value)]
            for name, value in list(self._namespace.items())
            if isinstance(name, str) and not name.startswith("__")
        ]

    def _refer(self, value: object) -> wire.Reference:
        lent = self._stand_ins.reference_to(value)
        return self._lent.reference_to(value) if lent is None else lent

    def _resolve(self, reference: dict[str, Any]) -> object:
        if "callback" in reference:
            return self._stand_ins.made_for(reference)
        return self._lent.objects[reference["object"]]


def _origin(value: object) -> str | None:
    if isinstance(value, types.ModuleType):
        return value.__name__
    module = getattr(value, "__module__", None)
    named = isinstance(value, type | types.FunctionType | types.BuiltinFunctionType)
    if named and wire.is_standard(module):
        return f"{module}.{getattr(value, '__qualname__', '')}"
    return None
