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


def mock_for(call_back: Callable[..., object], number: int, protocol: list[str]) -> CallbackMock:
    """Of a class that can do what the mock can."""
    methods = {name: _asking(name) for name in protocol}
    made: type[CallbackMock] = type("Mock", (CallbackMock,), methods)
    return made(call_back, number)


def _asking(name: str) -> Callable[..., object]:
    def method(self: CallbackMock, *args: object) -> object:
        if name == "__exit__":
            args = (*args[:2], None)  # no traceback crosses
        return self._call_back(self.number, (name, *args), {}, attribute=True)

    return method


class CallbackIterator(Callback):
    """An iterator of the tests."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> object:
        return self()


class Handle:
    """An object of the tests' own: to be kept and handed back. What else is asked of it is not told."""

    __slots__ = ("_ask", "_traits", "number")

    _ask: Callable[..., object]
    _traits: list[str]
    number: int

    def __init__(self, ask: Callable[..., object], number: int, traits: list[str]) -> None:
        for name, value in (("_ask", ask), ("number", number), ("_traits", traits)):
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return bool(self._asked("__eq__")) if "__eq__" in self._traits else self is other

    def __hash__(self) -> int:
        return hash(self._asked("__hash__") if "__eq__" in self._traits else self.number)

    def __bool__(self) -> bool:
        return "__bool__" not in self._traits or bool(self._asked("__bool__"))

    def __getattr__(self, name: str) -> object:
        return self._asked(name)

    def _asked(self, name: str) -> object:
        """Raises TypeError, and the test judges nobody."""
        return self._ask(self.number, (name,), {}, attribute=True)


def _refused(name: str) -> Callable[..., object]:
    return lambda self, *_, **__: self._asked(name)


_NAMES = (
    *(
        "repr",
        "str",
        "format",
        "bytes",
        "dir",
        "setattr",
        "delattr",
        "reduce_ex",
        "fspath",
        "copy",
        "deepcopy",
    ),
    *("len", "iter", "next", "reversed", "contains", "getitem", "setitem", "delitem", "enter", "exit"),
    *("await", "aiter", "anext", "int", "float", "complex", "index", "round", "abs", "neg", "pos", "invert"),
    *("lt", "le", "gt", "ge"),
)
_OPERATORS = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow"),
    *("and", "or", "xor", "lshift", "rshift"),
)
for _name in (*_NAMES, *(f"{side}{name}" for name in _OPERATORS for side in ("", "r", "i"))):
    setattr(Handle, f"__{_name}__", _refused(f"__{_name}__"))


def handle_for(ask: Callable[..., object], number: int, traits: list[str], name: str) -> Handle:
    """Of a class that is called as that of the object."""
    made: type[Handle] = type(name, (Handle,), {"__slots__": ()})
    return made(ask, number, traits)
