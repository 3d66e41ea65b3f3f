"""Objects of the tests that the program may keep and hand back, and nothing more."""

from collections.abc import Callable

from sandbox_runner.jail.remote.operators import BINARY


class Handle:
    """An object of the tests' that may be kept and handed back. What else is asked of it is not told."""

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
    *(
        "await",
        "aiter",
        "anext",
        "aenter",
        "aexit",
        "int",
        "float",
        "complex",
        "index",
        "round",
        "abs",
        "neg",
        "pos",
        "invert",
    ),
    *("lt", "le", "gt", "ge"),
)
for _name in (*_NAMES, *(f"{side}{name}" for name in BINARY for side in ("", "r", "i"))):
    setattr(Handle, f"__{_name}__", _refused(f"__{_name}__"))


def handle_for(ask: Callable[..., object], number: int, traits: list[str], name: str) -> Handle:
    """Of a class that is called as that of the object."""
    made: type[Handle] = type(name, (Handle,), {"__slots__": ()})
    return made(ask, number, traits)
