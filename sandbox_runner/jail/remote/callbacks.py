"""What the tests handed over that is no data, as the program sees it: what it may do is carried out there."""

import dataclasses
from collections import namedtuple
from collections.abc import Callable
from types import MethodType
from typing import Any, Self


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
        return self._call_back(self.number, (name, *_crossing(name, args)), {}, attribute=True)

    return method


class CallbackIterator(Callback):
    """An iterator of the tests."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> object:
        return self()


class _OwnKind(type):
    """What `type` gives for an object of the tests' own class: it makes more, and has what the class has."""

    def __call__(cls, /, *args: object, **kwargs: object) -> object:
        return asked(vars(cls)["_one"], "make", "", *args, **kwargs)

    def __getattr__(cls, name: str) -> object:
        if name[:1] == "_" or "_one" not in vars(cls):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        return asked(vars(cls)["_one"], "of class", name)


class OwnObject(metaclass=_OwnKind):
    """An object of the tests' own class, which they have. Names with an underscore are kept here."""

    __slots__ = ("__weakref__", "_ask", "_kept", "number")

    _ask: Callable[..., object]
    _kept: dict[str, object]
    number: int

    def __init__(self, ask: Callable[..., object], number: int) -> None:
        for name, value in (("_ask", ask), ("_kept", {}), ("number", number)):
            object.__setattr__(self, name, value)

    def __getattribute__(self, name: str) -> object:
        """An attribute of theirs may be called `number`, too."""
        if name[:1] == "_":
            return object.__getattribute__(self, name)
        return asked(self, "get", name)

    def __getattr__(self, name: str) -> object:
        """A name with an underscore that is none of ours."""
        return self._kept[name] if name in self._kept else asked(self, "get", name)

    def __setattr__(self, name: str, value: object) -> None:
        if name[:1] != "_":
            asked(self, "set", name, value)
        elif name in self._kept or not hasattr(self, name):
            self._kept[name] = value

    def __delattr__(self, name: str) -> None:
        if name in self._kept:
            del self._kept[name]
        else:
            asked(self, "delete", name)

    def __dir__(self) -> list[str]:
        return [*asked(self, "names"), *self._kept]  # type: ignore[misc]

    @property
    def __dict__(self) -> dict[str, object]:  # type: ignore[override]
        return {**asked(self, "members"), **self._kept}  # type: ignore[dict-item]

    def __copy__(self) -> object:
        return asked(self, "special", "__copy__")

    def __deepcopy__(self, memo: object) -> object:
        return asked(self, "special", "__deepcopy__")


def number_of(own: OwnObject) -> int:
    number: int = object.__getattribute__(own, "number")
    return number


def asked(own: OwnObject, /, *operation: object, **kwargs: object) -> object:
    ask: Callable[..., object] = object.__getattribute__(own, "_ask")
    return ask(number_of(own), operation, kwargs, attribute=True)


def own_object_for(
    ask: Callable[..., object], number: int, told: dict[str, Any], kinds: dict[int, type[OwnObject]]
) -> OwnObject:
    """Of one class for all of theirs, which has its name and the methods by which the language asks it."""
    kind = kinds.get(told["kind"])
    if kind is None:
        kind = kinds[told["kind"]] = _own_class(told)
    made: OwnObject = object.__new__(kind)
    OwnObject.__init__(made, ask, number)
    if "_one" not in vars(kind):
        type.__setattr__(kind, "_one", made)
    return made


def _own_class(told: dict[str, Any]) -> Any:
    methods: dict[str, Any] = {name: _special(name) for name in told["can"]}
    if not told["hashed"]:
        methods["__hash__"] = None
    elif "__hash__" not in methods:
        methods["__hash__"] = object.__hash__
    if "fields" in told:
        fields = told["fields"].items()
        methods["__dataclass_fields__"] = {name: _field(name, is_set) for name, is_set in fields}
    return _OwnKind(told["name"], (OwnObject,), {"__slots__": (), **methods})


def _field(name: str, is_set: bool) -> Any:
    """By which `dataclasses.asdict` and `replace` go."""
    field: Any = dataclasses.field(init=is_set)
    field.name, field._field_type = name, dataclasses._FIELD  # type: ignore[attr-defined]  # noqa: SLF001
    return field


def record_for(told: dict[str, Any], read: Callable[[object], object], kinds: dict[int, Any]) -> Any:
    """A named tuple of a class like that of the tests."""
    kind: Any = kinds.get(told["kind"])
    if kind is None:
        defaults = map(read, told["defaults"])
        kind = kinds[told["kind"]] = namedtuple(told["name"], told["fields"], defaults=defaults)  # noqa: PYI024
    return kind(*map(read, told["items"]))


def _special(name: str) -> Callable[..., object]:
    def method(self: OwnObject, *args: object) -> object:
        return asked(self, "special", name, *_crossing(name, args))

    return method


def _crossing(name: str, args: tuple[object, ...]) -> tuple[object, ...]:
    """What a special method is told on the other side: no traceback crosses."""
    return (*args[:2], None) if name == "__exit__" else args


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
