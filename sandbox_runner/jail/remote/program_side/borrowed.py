"""Objects of the tests' own classes, as the program has them: `own_objects` does what it asks of them."""

import dataclasses
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote.program_side.callbacks import crossing


class _BorrowedKind(type):
    """The tests' own class, or what `type` gives for an object of it: it makes more, and has what that has.

    Classes of the program that derive from it make nothing.
    """

    def __call__(cls, /, *args: object, **kwargs: object) -> object:
        if "_lent" in vars(cls):
            return _asked_of_class(cls, args, kwargs)
        if "_one" not in vars(cls):
            raise TypeError(
                f"{cls.__name__} derives from a class of the tests, of which nothing is made here"
            )
        return asked(vars(cls)["_one"], "make", "", *args, **kwargs)

    def __getattr__(cls, name: str) -> object:
        if name[:1] != "_" and "_lent" in vars(cls):
            return _asked_of_class(cls, ("of class", name), {}, attribute=True)
        if name[:1] == "_" or "_one" not in vars(cls):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        return asked(vars(cls)["_one"], "of class", name)

    def __setattr__(cls, name: str, value: object) -> None:
        if name[:1] != "_" and "_lent" in vars(cls):
            _asked_of_class(cls, ("set", name, value), {}, attribute=True)
        else:
            type.__setattr__(cls, name, value)


def _asked_of_class(
    kind: type, args: tuple[object, ...], kwargs: dict[str, object], **said: object
) -> object:
    ask, number = vars(kind)["_lent"]
    return ask(number, args, kwargs, **said)


class Borrowed(metaclass=_BorrowedKind):
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
        return _Members(self)

    def __copy__(self) -> object:
        return asked(self, "special", "__copy__")

    def __deepcopy__(self, memo: object) -> object:
        return asked(self, "special", "__deepcopy__")


class _Members(dict[str, object]):
    """What is put there is kept here, as a name with an underscore is."""

    def __init__(self, one: Borrowed) -> None:
        super().__init__({**asked(one, "members"), **one._kept})  # type: ignore[dict-item]  # noqa: SLF001
        self._one = one

    def __setitem__(self, name: str, value: object) -> None:
        self._one._kept[name] = value  # noqa: SLF001
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        self._one._kept.pop(name, None)  # noqa: SLF001
        super().__delitem__(name)

    def setdefault(self, name: str, value: object = None) -> object:
        if name not in self:
            self[name] = value
        return self[name]

    def pop(self, name: str, *default: object) -> object:
        self._one._kept.pop(name, None)  # noqa: SLF001
        return super().pop(name, *default)


def number_of(one: Borrowed) -> int:
    number: int = object.__getattribute__(one, "number")
    return number


def asked(one: Borrowed, /, *operation: object, **kwargs: object) -> object:
    ask: Callable[..., object] = object.__getattribute__(one, "_ask")
    return ask(number_of(one), operation, kwargs, attribute=True)


def borrowed_for(
    ask: Callable[..., object], number: int, told: dict[str, Any], kinds: dict[int, type[Borrowed]]
) -> Borrowed:
    """Of one class for all of theirs."""
    kind = _kind_for(told, kinds)
    made: Borrowed = object.__new__(kind)
    Borrowed.__init__(made, ask, number)
    if "_one" not in vars(kind):
        type.__setattr__(kind, "_one", made)
    return made


def lent_class(
    ask: Callable[..., object], number: int, told: dict[str, Any], kinds: dict[int, type[Borrowed]]
) -> type[Borrowed]:
    """The class itself, handed over."""
    kind = _kind_for(told, kinds)
    type.__setattr__(kind, "_lent", (ask, number))
    return kind


def _kind_for(told: dict[str, Any], kinds: dict[int, type[Borrowed]]) -> type[Borrowed]:
    kind = kinds.get(told["kind"])
    if kind is None:
        bases = [_kind_for(each, kinds) for each in told["bases"]]
        kind = kinds[told["kind"]] = _class_of(told, tuple(bases) or (Borrowed,))
    return kind


def _class_of(told: dict[str, Any], bases: tuple[type[Borrowed], ...]) -> Any:
    """It has the name of theirs, and the methods by which the language asks it."""
    methods: dict[str, Any] = {name: _special(name) for name in told["can"]}
    if not told["hashed"]:
        methods["__hash__"] = None
    elif "__hash__" not in methods:
        methods["__hash__"] = object.__hash__
    if "fields" in told:
        fields = told["fields"].items()
        methods["__dataclass_fields__"] = {name: _field(name, is_set) for name, is_set in fields}
    return _BorrowedKind(told["name"], bases, {"__slots__": (), **methods})


def _field(name: str, is_set: bool) -> Any:
    """By which `dataclasses.asdict` and `replace` go."""
    field: Any = dataclasses.field(init=is_set)
    field.name, field._field_type = name, dataclasses._FIELD  # type: ignore[attr-defined]  # noqa: SLF001
    return field


def _special(name: str) -> Callable[..., object]:
    def method(self: Borrowed, *args: object) -> object:
        return asked(self, "special", name, *crossing(name, args))

    return method
