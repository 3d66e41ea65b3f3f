"""The program's objects as the tests see them, though they live in another jail.

Data comes by value and is compared here. An object of the program answers attributes, calls, items and
iteration; it does not answer comparisons, arithmetic or `in`, because its answer would be the verdict.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from functools import cache
from typing import Any

from sandbox_runner.jail.remote import arrays, containers, functions, wire
from sandbox_runner.jail.remote.tests_side.link import Link

_NAME_LIMIT = 100
# By these numpy would take memory or a verdict from the program. It gets elements instead, as of a list.
_NEVER_ASKED = ("__array", "__dlpack", "__buffer__")


_TRAITS = frozenset({"plain", "class", "own", "decides_in", "decides_truth", "decides_hash", "unhashable"})


class Remote:
    """An object of the program."""

    __slots__ = (
        "__weakref__",
        "_remote_classes",
        "_remote_kind",
        "_remote_link",
        "_remote_name",
        "_remote_number",
        "_remote_plain",
        "_remote_protocol",
        "_remote_traits",
    )

    def __init__(self, link: Link, reference: dict[str, Any]) -> None:
        keep = object.__setattr__
        keep(self, "_remote_link", link)
        keep(self, "_remote_number", reference["object"])
        keep(self, "_remote_plain", ())
        keep(self, "_remote_kind", _kind_told(reference))
        keep(self, "_remote_name", str(reference["name"])[:_NAME_LIMIT])
        keep(self, "_remote_classes", tuple(int(number) for number in reference["classes"]))
        keep(self, "_remote_traits", frozenset(reference) & _TRAITS)
        keep(self, "_remote_protocol", _protocol_told(reference))

    def _number_of(self) -> int:
        number: int = self._remote_number
        return number

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What `isinstance` goes by, for a function and the like and one that derives from a plain type."""
        return self._remote_kind or type(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_remote_", *_NEVER_ASKED)):  # the first of an object that was never filled
            raise AttributeError(name)
        return self._remote_link.ask("get", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._remote_link.ask("set", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._remote_link.ask("delete", self, name)

    def __repr__(self) -> str:
        return str(self._remote_link.ask("repr", self))

    def __str__(self) -> str:
        return str(self._remote_link.ask("str", self))

    def __format__(self, form: str) -> str:
        return str(self._remote_link.ask("format", self, form))

    def __dir__(self) -> list[str]:
        return [str(name) for name in self._remote_link.ask("dir", self)]

    def __bool__(self) -> bool:
        if "plain" in self._remote_traits:
            return bool(data_of(self))
        return "decides_truth" not in self._remote_traits or self._remote_link.ask("bool", self) is True

    def __hash__(self) -> int:
        """The program may answer it: of two objects with one hash it is asked whether they are equal."""
        if "plain" in self._remote_traits:
            return hash(data_of(self))
        if "unhashable" in self._remote_traits:
            raise TypeError(f"unhashable type: {self._remote_name!r}")
        decides = "decides_hash" in self._remote_traits
        return hash(self._remote_link.ask("hash", self)) if decides else self._number_of()

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Remote):
            if is_class(self) and is_class(other):  # the program could say so of any two
                return self is other
            self._remote_link.weak = True
            return self is other or self._remote_link.ask("eq", self, other) is True
        if "plain" in self._remote_traits:
            return data_of(self) == other  # no truth if the other is an array
        return NotImplemented

    def __instancecheck__(self, instance: object) -> bool:
        if isinstance(instance, Remote) and self._remote_number in instance._remote_classes:  # noqa: SLF001
            return True
        attributes = self._remote_protocol
        return attributes is not None and all(
            getattr(instance, each, None) is not None for each in attributes
        )

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        raise self._remote_link.refuse("a class of the program cannot be subclassed by the tests")

    def __reduce_ex__(self, protocol: object) -> str:
        raise _undecided(self, "a copy")

    def __del__(self) -> None:
        with suppress(AttributeError):  # an object that was never filled
            self._remote_link.release(self._remote_number)


def link_of(value: Any) -> Link:
    """Of an object of the program, or of its module."""
    link: Link = value._remote_link  # noqa: SLF001
    return link


def class_of(remote: Any) -> object:
    """What `type` gives for it: the program's class, if the tests have that, as told with the object."""
    traits, kind = remote._remote_traits, remote._remote_kind  # noqa: SLF001
    if "own" in traits:
        return link_of(remote).adopted(remote._remote_classes[0]) or type(remote)  # noqa: SLF001
    if "class" in traits and remote._remote_name == type.__name__:  # noqa: SLF001
        return type
    return type(remote) if "plain" in traits or kind is None else kind


def is_class(remote: Any) -> bool:
    return "class" in remote._remote_traits  # noqa: SLF001


def _protocol_told(reference: dict[str, Any]) -> tuple[str, ...] | None:
    """The attributes that make an instance of it, if it is such a class."""
    return tuple(str(each) for each in reference["protocol"]) if "protocol" in reference else None


def _kind_told(reference: dict[str, Any]) -> type | None:
    if "plain" in reference:
        return wire.data_kind_called(reference["plain"])
    return functions.KINDS[reference["kind"]] if "kind" in reference else None


def data_of(remote: Remote) -> Any:
    """The data of an object whose class derives from a plain type; compared here, like any other.

    Data that cannot change is asked for once: an object must not be 4 for one comparison and 5 for the next.
    """
    if remote._remote_plain:  # noqa: SLF001
        return remote._remote_plain[0]  # noqa: SLF001
    if remote._remote_kind is arrays.kind():  # noqa: SLF001
        return _array(remote)
    value = remote._remote_link.ask("plain", remote)  # noqa: SLF001
    if containers.kind_of(type(value)) is None:
        object.__setattr__(remote, "_remote_plain", (value,))
    return value


def _array(self: Remote, dtype: object = None, copy: object = None) -> Any:
    """What numpy makes an array of: elements that are data, or objects that it compares here."""
    made = arrays.of_data(self._remote_link.ask("array", self))
    return made if dtype is None else made.astype(dtype)


def _decided_here(name: str) -> Callable[..., object]:
    """An operator: on data it is carried out here, on other objects it is not carried out."""
    apply = functions.operation(name)

    def method(self: Remote, *others: object) -> object:
        if "plain" in self._remote_traits:
            return apply(data_of(self), *others)
        if _may_operate(self, name, *others):
            return _operated(self, name, self, *others)
        raise _undecided(self, name)

    return method


def _reflected(name: str) -> Callable[..., object]:
    apply = functions.operation(name)

    def method(self: Remote, other: object) -> object:
        if "plain" in self._remote_traits:
            return apply(other, data_of(self))
        others = () if _is_begun_with(name, other) else (other,)
        if _may_operate(self, name, *others):
            return _operated(self, name, other, self)
        raise _undecided(self, name)

    return method


def _is_begun_with(name: str, other: object) -> bool:
    """What `sum` begins with: it tells nothing of what is expected."""
    return name == "__add__" and type(other) is int and other == 0


def _in_place(name: str) -> Callable[..., object]:
    def method(self: Remote, other: object) -> object:
        if "plain" in self._remote_traits or not _may_operate(self, f"__{name}__", other):
            return NotImplemented  # and Python takes the operator that is not in place
        return _operated(self, f"__i{name}__", self, other)

    return method


def _contains(self: Remote, item: object) -> bool:
    if "plain" in self._remote_traits:
        return item in data_of(self)
    if "decides_in" in self._remote_traits:
        if _may_operate(self, "__contains__"):
            return _operated(self, "__contains__", self, item) is True
        raise _undecided(self, "__contains__")
    return any(each is item or each == item for each in self)  # type: ignore[attr-defined]


def _made_by_tests(remote: Remote) -> bool:
    """Whether the tests made objects of its class, and so know what they ask."""
    return not remote._remote_link.constructed.isdisjoint(remote._remote_classes)  # noqa: SLF001


def _may_operate(remote: Remote, name: str, *others: object) -> bool:
    """Whether it asks an object that the tests made, as a method would, and compares nothing with data."""
    made = remote._remote_link.made  # noqa: SLF001
    asked = (remote, *others) if name in _COMPARING else (remote,)
    return all(isinstance(each, Remote) and each._remote_number in made for each in asked)  # noqa: SLF001


def _operated(remote: Remote, name: str, *operands: object) -> object:
    """What the program answers. With another operand that is told, it is its word."""
    remote._remote_link.weak |= len(operands) > 1  # noqa: SLF001
    return remote._remote_link.ask("operate", name, *operands)  # noqa: SLF001


def _undecided(remote: Remote, name: str) -> TypeError:
    """The tests cannot be judged if they made the object; else it is a wrong answer like any odd object."""
    link = remote._remote_link  # noqa: SLF001
    what = f"{name} of the program's {remote._remote_name}"  # noqa: SLF001
    if _made_by_tests(remote):
        refusal: TypeError = link.refuse(f"{what} is not forwarded: its answer would decide the test")
        return refusal
    return TypeError(f"unsupported: {what}")


_COMPARING = frozenset({"__lt__", "__le__", "__gt__", "__ge__", "__add__", "__sub__"})
"""By these tests find how far an answer is from what they expect, which the program must not learn."""
_OPERATORS = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow"),
    *("and", "or", "xor", "lshift", "rshift"),
)
_OTHERS = ("lt", "le", "gt", "ge", "neg", "pos", "invert", "abs", "round", "int", "float", "index")
_ALWAYS: dict[str, object] = {
    "__doc__": property(lambda self: self._remote_link.ask("get", self, "__doc__")),
    "__contains__": _contains,
    **{f"__{name}__": _decided_here(f"__{name}__") for name in [*_OPERATORS, *_OTHERS]},
    **{f"__r{name}__": _reflected(f"__{name}__") for name in _OPERATORS},
    **{f"__i{name}__": _in_place(name) for name in _OPERATORS if name != "divmod"},
}


def _call(self: Remote, /, *args: object, **kwargs: object) -> Any:
    link = self._remote_link
    if "class" in self._remote_traits and self._remote_number not in link.functions:
        link.constructed.add(self._remote_number)
    return link.ask("call", self, *args, **kwargs)


def _leave(self: Remote, kind: type | None, error: BaseException | None, trace: object) -> bool:
    wish = self._remote_link.ask("leave", self, _told_class(self, kind), str(error))
    return _raised_all_the_same(self, error, wish)


def _told_class(self: Remote, kind: type | None) -> object:
    """A class of the program goes home as itself, all others by name."""
    return kind if kind is None or self._remote_link.exceptions.has_mirrored(kind) else kind.__name__


def _raised_all_the_same(self: Remote, error: BaseException | None, wish: object) -> bool:
    """What the program wants swallowed may be a failed assertion, or how a test saw a wrong answer.

    The first fails the test all the same, and so does another exception in an object that the tests did not
    make: a wrong program would choose to have no verdict. In one that they made they may expect it, and the
    test cannot be judged.
    """
    expected = isinstance(error, Exception) and not isinstance(error, AssertionError) and _made_by_tests(self)
    if wish is True and expected:
        raise self._remote_link.refuse(f"{self._remote_name} of the program cannot swallow an exception")
    return False


def _wait(self: Remote) -> Generator[None, None, Any]:
    yield from ()
    return self._remote_link.ask("await", self)


def _send(self: Remote, value: object) -> None:
    raise StopIteration(self._remote_link.ask("await", self))


def _throw(self: Remote, error: BaseException) -> None:
    raise error


def _close(self: Remote) -> None:
    """Nothing is left open."""


async def _take_next(self: Remote) -> object:
    return self._remote_link.ask("anext", self)


async def _enter_awaited(self: Remote) -> object:
    return self._remote_link.ask("aenter", self)


async def _leave_awaited(self: Remote, kind: type | None, error: BaseException | None, trace: object) -> bool:
    wish = self._remote_link.ask("aleave", self, _told_class(self, kind), str(error))
    return _raised_all_the_same(self, error, wish)


def _forward(operation: str) -> Callable[..., Any]:
    return lambda self, *args: self._remote_link.ask(operation, self, *args)


_METHODS: dict[str, dict[str, Callable[..., Any]]] = {
    "call": {"__call__": _call},
    "iter": {"__iter__": _forward("iter")},
    "next": {"__next__": _forward("next")},
    "reversed": {"__reversed__": _forward("reversed")},
    "len": {"__len__": _forward("len")},
    "getitem": {"__getitem__": _forward("getitem")},
    "setitem": {"__setitem__": _forward("setitem")},
    "delitem": {"__delitem__": _forward("delitem")},
    "enter": {"__enter__": _forward("enter"), "__exit__": _leave},
    # What makes it a coroutine for `asyncio.run`.
    "await": {"__await__": _wait, "send": _send, "throw": _throw, "close": _close},
    "array": {"__array__": _array},
    "aiter": {"__aiter__": _forward("aiter")},
    "anext": {"__anext__": _take_next},
    "aenter": {"__aenter__": _enter_awaited, "__aexit__": _leave_awaited},
}


@cache
def _class_for(name: str, abilities: frozenset[str]) -> type[Remote]:
    """A class with just the methods that the object has, so that `callable` and `iter` tell the truth.

    It has the name of the object's class, which tests may ask by `type(x).__name__`.
    """
    methods = dict(_ALWAYS)
    for ability in abilities:
        methods |= _METHODS[ability]
    made: type[Remote] = type(name, (Remote,), {"__slots__": (), **methods})
    return made


def adopt(link: Link, reference: dict[str, Any]) -> Remote:
    name = str(reference["name"])[:_NAME_LIMIT]
    return _class_for(name, frozenset(_METHODS) & set(reference["can"]))(link, reference)
