"""The program's objects as the tests see them, though they live in another jail.

Data comes by value and is compared here. An object of the program answers attributes, calls, items and
iteration; it does not answer comparisons, arithmetic or `in`, because its answer would be the verdict.
"""

import collections.abc
from contextlib import suppress
from typing import Any

from sandbox_runner.jail.remote import arrays, containers, functions, wire
from sandbox_runner.jail.remote.tests_side.link import Link

NAME_LIMIT = 100
# By these numpy would take memory or a verdict from the program. It gets elements instead, as of a list.
_NEVER_ASKED = ("__array", "__dlpack", "__buffer__")
_NAMESPACES = frozenset({("types", "SimpleNamespace"), ("argparse", "Namespace")})
_TRAITS = frozenset(
    {"plain", "class", "own", "unhashable"} | {"decides_eq", "decides_in", "decides_truth", "decides_hash"}
)


class Remote:
    """An object of the program."""

    __slots__ = (
        "__weakref__",
        "_remote_abcs",
        "_remote_classes",
        "_remote_kind",
        "_remote_link",
        "_remote_name",
        "_remote_number",
        "_remote_overrides",
        "_remote_plain",
        "_remote_protocol",
        "_remote_traits",
    )

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
        mark_own_way(self, name)
        value = self._remote_link.ask("get", self, name)
        if "class" in self._remote_traits:
            self._remote_link.named(name, value)
        return value

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
        if "own" not in self._remote_traits and _is_namespace(other, self._remote_name):
            return self._remote_link.ask("get", self, "__dict__") == vars(other)
        link = self._remote_link
        is_made = self._remote_number in link.made and is_of_known_class(self)
        if is_made and "decides_eq" in self._remote_traits and _is_data(other):
            link.weak = True
            return link.ask("eq", self, other) is True
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
        raise undecided(self, "a pickle")

    def __del__(self) -> None:
        with suppress(AttributeError):  # an object that was never filled
            self._remote_link.release(self._remote_number)


def fill(remote: Remote, link: Link, reference: dict[str, Any]) -> None:
    """What its `__init__` would do, if that were not the program's."""
    keep = object.__setattr__
    keep(remote, "_remote_link", link)
    keep(remote, "_remote_number", reference["object"])
    keep(remote, "_remote_plain", ())
    keep(remote, "_remote_kind", _kind_told(reference))
    keep(remote, "_remote_name", str(reference["name"])[:NAME_LIMIT])
    keep(remote, "_remote_classes", tuple(int(number) for number in reference["classes"]))
    keep(remote, "_remote_traits", frozenset(reference) & _TRAITS)
    keep(remote, "_remote_overrides", frozenset(map(str, reference.get("overrides", ()))))
    keep(remote, "_remote_protocol", _protocol_told(reference))
    keep(remote, "_remote_abcs", abcs_told(reference))


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


def abcs_told(reference: dict[str, Any]) -> frozenset[str]:
    """Classes of `collections.abc` that its class, or the class that it is, derives from."""
    return frozenset(collections.abc.__all__) & {*reference.get("abcs", ())}


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
        return array_of(remote)
    value = remote._remote_link.ask("plain", remote)  # noqa: SLF001
    if containers.kind_of(type(value)) is None:
        object.__setattr__(remote, "_remote_plain", (value,))
    return value


def array_of(self: Remote, dtype: object = None, copy: object = None) -> Any:
    """What numpy makes an array of: elements that are data, or objects that it compares here."""
    made = arrays.of_data(self._remote_link.ask("array", self))
    return made if dtype is None else made.astype(dtype)


def mark_own_way(remote: Remote, name: str) -> None:
    """An answer that derives from a plain type, and is looked into by a way of its own, is what that says."""
    link = remote._remote_link  # noqa: SLF001
    link.weak |= name in remote._remote_overrides and remote._remote_number not in link.made  # noqa: SLF001


def is_of_known_class(remote: Remote) -> bool:
    """Whether the tests know its class by a name with a capital."""
    return not remote._remote_link.kinds.isdisjoint(remote._remote_classes[:1])  # noqa: SLF001


def _is_namespace(value: object, name: str) -> bool:
    """Whether it is nothing but attributes, and of the library's class of that name."""
    kind = type(value)
    return name == kind.__name__ and (kind.__module__, name) in _NAMESPACES


def _is_data(value: object) -> bool:
    return isinstance(value, wire.DATA)


def made_by_tests(remote: Remote) -> bool:
    """Whether the tests made objects of its class, and so know what they ask."""
    return not remote._remote_link.constructed.isdisjoint(remote._remote_classes)  # noqa: SLF001


def undecided(remote: Remote, name: str) -> TypeError:
    """The tests cannot be judged if they made the object; else it is a wrong answer like any odd object."""
    link = remote._remote_link  # noqa: SLF001
    what = f"{name} of the program's {remote._remote_name}"  # noqa: SLF001
    if made_by_tests(remote):
        refusal: TypeError = link.refuse(f"{what} is not forwarded: its answer would decide the test")
        return refusal
    return TypeError(f"unsupported: {what}")
