"""Operators of the program's objects: on data they are carried out here, and on others mostly not at all."""

from collections.abc import Callable
from enum import Enum

from sandbox_runner.jail.remote import containers
from sandbox_runner.jail.remote.operators import BINARY, operation
from sandbox_runner.jail.remote.tests_side.proxy import Remote, data_of, is_of_known_class, undecided

_COMPARING = frozenset({"__lt__", "__le__", "__gt__", "__ge__", "__add__", "__sub__"})
"""By these tests find how far an answer is from what they expect, which the program must not learn."""
_CONVERTING = frozenset({"__int__", "__float__", "__index__"})
"""What comes of these is data, as of a method."""
_OTHERS = ("lt", "le", "gt", "ge", "neg", "pos", "invert", "abs", "round", "int", "float", "index")


def _decided_here(name: str) -> Callable[..., object]:
    """An operator: on data it is carried out here, on other objects it is not carried out."""
    apply = operation(name)

    def method(self: Remote, *others: object) -> object:
        if "plain" in self._remote_traits:
            own = _is_own_way(self, name)
            return _operated(self, name, self, *others) if own else apply(data_of(self), *others)
        if _may_operate(self, name, *others):
            return _operated(self, name, self, *others)
        raise undecided(self, name)

    return method


def _reflected(name: str) -> Callable[..., object]:
    apply = operation(name)

    def method(self: Remote, other: object) -> object:
        if "plain" in self._remote_traits:
            own = _is_own_way(self, name.replace("__", "__r", 1))
            return _operated(self, name, other, self) if own else apply(other, data_of(self))
        others = () if _is_begun_with(name, other) else (other,)
        if _may_operate(self, name, *others):
            return _operated(self, name, other, self)
        raise undecided(self, name)

    return method


def _is_begun_with(name: str, other: object) -> bool:
    """What `sum` begins with: it tells nothing of what is expected."""
    return name == "__add__" and type(other) is int and other == 0


def _in_place(name: str) -> Callable[..., object]:
    def method(self: Remote, other: object) -> object:
        """Who changes something compares nothing, so it may be changed by data."""
        is_data = "plain" in self._remote_traits and not _changes(self)
        if is_data or not (_is_made(self) or _may_operate(self, f"__{name}__", other)):
            return NotImplemented  # and Python takes the operator that is not in place
        return _operated(self, f"__i{name}__", self, other)

    return method


def _contains(self: Remote, item: object) -> bool:
    if "plain" in self._remote_traits and not _is_own_way(self, "__contains__"):
        return item in data_of(self)
    if "decides_in" in self._remote_traits:
        if _may_operate(self, "__contains__") or _are_members(self, item):
            return _operated(self, "__contains__", self, item) is True
        raise undecided(self, "__contains__")
    return any(each is item or each == item for each in self)  # type: ignore[attr-defined]


def _changes(remote: Remote) -> bool:
    """Whether what its class derives from is changed in place, as a list is."""
    return containers.kind_of(remote._remote_kind) is not None and _is_made(remote)  # noqa: SLF001


def _is_own_way(remote: Remote, name: str) -> bool:
    """Whether the tests made it, and its class has another operator than the plain type it derives from."""
    return name in remote._remote_overrides and _is_made(remote)  # noqa: SLF001


def _may_operate(remote: Remote, name: str, *others: object) -> bool:
    """Whether it asks objects that the tests made, as a method would, and compares nothing with data.

    Two objects of the program may compare where its classes are under test: neither is what is expected.
    """
    link = remote._remote_link  # noqa: SLF001
    if others and all(isinstance(each, Remote) for each in others):
        return bool(link.constructed) or _are_members(remote, *others)
    if name in _CONVERTING and is_of_known_class(remote):
        return True
    return _is_made(remote) and not (others and name in _COMPARING)


def _is_made(remote: Remote) -> bool:
    return remote._remote_number in remote._remote_link.made  # noqa: SLF001


def _are_members(*values: object) -> bool:
    """Of enumerations, such as of flags."""
    return all(isinstance(each, Remote) and each._remote_kind is Enum for each in values)  # noqa: SLF001


def _operated(remote: Remote, name: str, *operands: object) -> object:
    """What the program answers. With another operand that is told, it is its word."""
    remote._remote_link.weak |= len(operands) > 1  # noqa: SLF001
    return remote._remote_link.ask("operate", name, *operands)  # noqa: SLF001


OPERATORS: dict[str, Callable[..., object]] = {
    "__contains__": _contains,
    **{f"__{name}__": _decided_here(f"__{name}__") for name in [*BINARY, *_OTHERS]},
    **{f"__r{name}__": _reflected(f"__{name}__") for name in BINARY},
    **{f"__i{name}__": _in_place(name) for name in BINARY if name != "divmod"},
}
"""Methods that every object of the program has."""
