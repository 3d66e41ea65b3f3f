"""Functions of the tests that were passed as arguments, as the program has them: they are called there."""

from collections.abc import Callable
from types import MethodType
from typing import Self


class Callback:
    """A function of the tests that was passed as an argument."""

    def __init__(self, call_back: Callable[..., object], number: int) -> None:
        self._call_back = call_back
        self.number = number

    def __call__(self, /, *args: object, **kwargs: object) -> object:
        return self._call_back(self.number, args, kwargs)


class CallbackFunction(Callback):
    """One that is told who it is of where it stands in a class, as functions are."""

    def __get__(self, one: object, kind: object = None) -> object:
        return self if one is None else MethodType(self, one)


class CallbackMock(Callback):
    """A mock of the tests, whose attributes they have."""

    def __getattr__(self, name: str) -> object:
        return self._call_back(self.number, (name,), {}, attribute=True)


class CallbackObject(Callback):
    """An object of the tests' that can be called, and more than called."""

    def __getattr__(self, name: str) -> object:
        if name[:1] == "_":
            raise AttributeError(name)
        return self._call_back(self.number, (name,), {}, attribute=True)


def mock_for(call_back: Callable[..., object], number: int, protocol: list[str]) -> CallbackMock:
    """Of a class that can do what the mock can."""
    methods = {name: _asking(name) for name in protocol}
    made: type[CallbackMock] = type("Mock", (CallbackMock,), methods)
    return made(call_back, number)


def _asking(name: str) -> Callable[..., object]:
    def method(self: CallbackMock, *args: object) -> object:
        return self._call_back(self.number, (name, *crossing(name, args)), {}, attribute=True)

    return method


class CallbackIterator(Callback):
    """An iterator of the tests."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> object:
        return self()


def crossing(name: str, args: tuple[object, ...]) -> tuple[object, ...]:
    """What a special method is told on the other side: no traceback crosses, nor whose property it is."""
    if name in {"__get__", "__set__"}:
        return args[1:] if name == "__set__" else ()
    return (*args[:2], None) if name == "__exit__" else args
