"""What the tests handed over that is no data, as the program sees it: to be called, and no more."""

from collections.abc import Callable
from typing import Self


class Callback:
    """A function of the tests that was passed as an argument."""

    def __init__(self, call_back: Callable[..., object], number: int) -> None:
        self._call_back = call_back
        self.number = number

    def __call__(self, /, *args: object, **kwargs: object) -> object:
        return self._call_back(self.number, args, kwargs)


class CallbackMock(Callback):
    """A mock of the tests, whose attributes they have."""

    def __getattr__(self, name: str) -> object:
        return self._call_back(self.number, (name,), {}, attribute=True)


class CallbackIterator(Callback):
    """An iterator of the tests."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> object:
        return self()
