"""The program's side: answers what the tests' jail asks of a module that was just executed.

It shares the process with the program, which may patch or forge all of this. Whoever reads its answers takes
them for what the program says.
"""

import operator
import sys
import types
from collections.abc import Callable
from contextlib import nullcontext
from enum import Enum
from functools import cache
from threading import active_count
from typing import Any

from sandbox_runner.jail.remote import arrays, containers, errors, functions, wire
from sandbox_runner.jail.remote.exchange import Exchange
from sandbox_runner.jail.remote.frames import Connection, LostError
from sandbox_runner.jail.remote.operators import operation
from sandbox_runner.jail.remote.program_side import logs, seeds, warned
from sandbox_runner.jail.remote.program_side.environment import ProgramEnvironment
from sandbox_runner.jail.remote.program_side.patches import ProgramPatches
from sandbox_runner.jail.remote.program_side.stand_ins import StandIns
from sandbox_runner.jail.remote.program_side.streams import ProgramStreams
from sandbox_runner.jail.remote.program_side.turns import Given, Turns
from sandbox_runner.jail.remote.surroundings import CALLED, MOST_WARNED, Logged

MOST_OBJECTS = 100_000

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
        self._objects: dict[int, object] = {wire.MODULE: _Module(namespace)}
        self._numbers: dict[int, int] = {}
        self._mirrors = errors.Mirrors(lambda number: self._objects[number])
        self._stand_ins = StandIns(self.call_back, self._mirrors)
        self._next = wire.MODULE + 1
        self._turn = Turns()
        """To speak. Who answers has it, but not while the program's code runs: then its threads may ask."""
        self._asking = 0
        self._operations: dict[str, Callable[..., object]] = {
            **_OPERATIONS,
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
            self._forget(number)
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
        with streams, recorded, listened, standing, open_to_threads:
            returned = self._operations[request["op"]](*args, **kwargs)
        return self._exchange.write(returned)

    def _said(self) -> dict[str, object]:
        threads = {"threads": True} if active_count() > 1 else {}
        return {**self._streams.said(), **self._environment.said(), **threads}

    def _warned(self) -> dict[str, object]:
        """What was warned of and logged since this was last asked."""
        given, self._warnings[:] = self._warnings[:MOST_WARNED], []
        logged, self._logged[:] = self._logged[:], []
        said = {"warned": [self._describe(each) for each in given]} if given else {}
        return {**said, "logged": logged} if logged else {**said}

    def _describe(self, error: BaseException) -> dict[str, object]:
        told = errors.describe(error, self._exchange.write, self._stand_ins.number_of)
        return told if errors.is_data(type(error)) else {**told, "object": self._number(error)}

    def _names(self) -> list[list[str | None]]:
        """Public names with the module they come from, where that is not the program itself."""
        return [
            [name, _origin(value)]
            for name, value in list(self._namespace.items())
            if isinstance(name, str) and not name.startswith("__")
        ]

    def _refer(self, value: object) -> wire.Reference:
        lent = self._stand_ins.reference_to(value)
        if lent is not None:
            return lent
        kind = type(value)
        described: wire.Reference = {
            "object": self._number(value),
            "name": kind.__name__,
            "can": _abilities(value),
            "classes": [self._number(each) for each in kind.__mro__[:_MOST_CLASSES] if _is_own(each)],
        }
        described |= _traits(kind)
        if errors.is_data(kind):
            described["error"] = errors.describe(value, wire.write_plain, self._stand_ins.number_of)  # type: ignore[arg-type]
        if isinstance(value, type):
            described["class"] = value.__name__
            if _decides_by_attributes(value):
                described["protocol"] = sorted(sys.modules["typing"]._get_protocol_attrs(value))  # noqa: SLF001
            if issubclass(value, Exception):
                described["exception"] = errors.class_node(value, self._stand_ins.number_of)
        return described

    def _number(self, value: object) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            if len(self._objects) >= MOST_OBJECTS:
                raise MemoryError(f"more than {MOST_OBJECTS} objects lent to the tests")
            number, self._next = self._next, self._next + 1
            self._objects[number], self._numbers[id(value)] = value, number
        return number

    def _forget(self, number: int) -> None:
        if number != wire.MODULE and number in self._objects:
            del self._numbers[id(self._objects.pop(number))]

    def _resolve(self, reference: dict[str, Any]) -> object:
        if "callback" in reference:
            return self._stand_ins.made_for(reference)
        return self._objects[reference["object"]]


def _origin(value: object) -> str | None:
    if isinstance(value, types.ModuleType):
        return value.__name__
    module = getattr(value, "__module__", None)
    named = isinstance(value, type | types.FunctionType | types.BuiltinFunctionType)
    if named and wire.is_standard(module):
        return f"{module}.{getattr(value, '__qualname__', '')}"
    return None


def _abilities(value: object) -> list[str]:
    able = [ability for ability, method in _ABILITIES.items() if _defines(type(value), method)]
    generic = isinstance(value, type) and _defines(value, "__class_getitem__")
    return [*able, "getitem"] if generic else able


def _traits(kind: type) -> wire.Reference:
    """What the other side must know of an object to answer for it, or to ask."""
    described: wire.Reference = {"own": True} if _is_own(kind) else {}
    if _is_own(kind) and _defines(kind, "__contains__"):
        described["decides_in"] = True
    if _is_own(kind) and (_defines(kind, "__bool__") or _defines(kind, "__len__")):
        described["decides_truth"] = True
    base = wire.data_kind(kind)
    if base is not None:
        described["plain"] = base.__name__
    elif functions.KINDS.get(kind.__name__) is kind:
        described["kind"] = kind.__name__
    elif Enum in kind.__mro__:
        described["kind"] = Enum.__name__
    hashing = next(vars(each)["__hash__"] for each in kind.__mro__ if "__hash__" in vars(each))
    if hashing is not object.__hash__:
        described["unhashable" if hashing is None else "decides_hash"] = True
    return described


def _decides_by_attributes(kind: type) -> bool:
    """Whether it is a protocol that may be asked for instances."""
    return all(getattr(kind, name, False) is True for name in ("_is_protocol", "_is_runtime_protocol"))


def _defines(kind: type, method: str) -> bool:
    """Unlike `hasattr`, does not take the metaclass's methods for the class's."""
    return any(method in vars(each) for each in kind.__mro__)


def _is_own(kind: type) -> bool:
    return not wire.is_standard(kind.__module__)


def _plain(value: Any) -> object:
    """The plain data within an object of a subclass of a plain type, without asking its methods."""
    base: Any = wire.data_kind(type(value))
    if base is None:
        raise TypeError("no plain value")
    if containers.kind_of(base) is not None:
        return containers.copy_of(value, base)
    if base in (int, str, float, bytes, complex):
        return {int: int.__int__, str: str.__str__, float: float.__float__}.get(base, base)(value)
    return base(base.__iter__(value))


def _leave(value: Any, kind: type | str | None, text: str) -> bool:
    """Leave a `with` block, and tell whether what ended it is to be swallowed."""
    return bool(type(value).__exit__(value, *_left_by(kind, text)))


def _leave_awaited(value: Any, kind: type | str | None, text: str) -> bool:
    return bool(_await(type(value).__aexit__(value, *_left_by(kind, text))))


def _left_by(kind: type | str | None, text: str) -> tuple[object, object, None]:
    known = kind if isinstance(kind, type) else errors.shared_class("builtins", kind)
    return (None, None, None) if known is None else (known, errors.made_of(known, text), None)


@cache
def _loop() -> Any:
    """One for all: what is half done, such as a generator, ends with the loop that it began in."""
    import asyncio  # noqa: PLC0415 - large, and few programs need it

    return asyncio.Runner()


def _await(value: Any) -> object:
    async def wait() -> object:
        return await value

    return _loop().run(wait())


_OPERATIONS: dict[str, Callable[..., object]] = {
    "get": getattr,
    "set": setattr,
    "delete": delattr,
    "call": lambda function, /, *args, **kwargs: function(*args, **kwargs),
    "iter": iter,
    "next": next,
    "reversed": reversed,
    "len": len,
    "bool": bool,
    "hash": hash,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "enter": lambda value: type(value).__enter__(value),
    "leave": _leave,
    "await": _await,
    "aiter": aiter,
    "anext": lambda value: _await(type(value).__anext__(value)),
    "aenter": lambda value: _await(type(value).__aenter__(value)),
    "aleave": _leave_awaited,
    "operate": lambda name, *operands: operation(name)(*operands),
    "eq": lambda one, other: bool(one == other),
    "plain": _plain,
    "array": arrays.data_of,
    "repr": repr,
    "str": str,
    "format": format,
    "dir": dir,
    "pause": lambda: None,
}
