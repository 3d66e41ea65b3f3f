"""What both jails hold, such as a list or an array, and what the other side knows of this copy."""

import json
import operator
import sys
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote import arrays, containers

_SCALARS = frozenset({int, float, str, bool, type(None)})
# By the slot `value` and as an argument of `getrefcount`.
_OWN_REFERENCES = 2


class Shared:
    """A container of Python's."""

    __slots__ = ("_scalars", "_tree", "told", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.told = False
        self._scalars: list[object] | None = None
        """The members that were told, if they are all scalars: to find them unchanged must not take long."""
        self._tree = ""
        """What was told, if they are not."""

    def tell(self, tree: Callable[[], object]) -> None:
        """Note that the other side knows it as it is now."""
        self.told = True
        members = containers.members_of(self.value)
        self._scalars = members if _SCALARS.issuperset(map(type, members)) else None
        self._tree = "" if self._scalars is not None else json.dumps(tree())

    def is_as_told(self) -> bool:
        """Whether it is sure, without a look at its tree, that nothing changed."""
        if self._scalars is None:
            return False
        members = containers.members_of(self.value)
        return len(members) == len(self._scalars) and all(map(operator.is_, members, self._scalars))

    def is_news(self, tree: object) -> bool:
        return not self.told or self._tree != json.dumps(tree)

    def is_recast(self) -> bool:
        """Whether it changed in a way that nobody can be told."""
        return False

    def is_loose(self) -> bool:
        """Whether nothing else here holds it."""
        return sys.getrefcount(self.value) <= _OWN_REFERENCES

    def look_for_owner(self, has: arrays.Has) -> None:
        """Note whether the other side, which has these containers, will take it for a view."""

    def is_of_other_side(self) -> None:
        """Note that the other side made it."""


class SharedArray(Shared):
    """An array of numpy's, which may show what another one holds."""

    __slots__ = ("_content", "_form", "_within")

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self._within = False
        """Whether the other side takes it for a view of another array, or made it."""
        self._form: tuple[object, ...] | None = None
        self._content: tuple[object, ...] = ()

    def tell(self, tree: Callable[[], object]) -> None:
        self.told = True
        self._form, self._content = arrays.form_of(self.value), arrays.content_of(self.value)

    def is_as_told(self) -> bool:
        return self.told and (self.is_recast() or self._content == arrays.content_of(self.value))

    def is_news(self, tree: object) -> bool:
        return True

    def is_recast(self) -> bool:
        return self._form is not None and self._form != arrays.form_of(self.value)

    def is_loose(self) -> bool:
        """Nor its memory, if the other side knows of no view."""
        return super().is_loose() and (self._within or not arrays.shows_what_others_hold(self.value))

    def look_for_owner(self, has: arrays.Has) -> None:
        if not self.told:
            self._within = arrays.owner_of(self.value, has) is not None

    def is_of_other_side(self) -> None:
        self._within = True


def share(value: Any) -> Shared:
    return SharedArray(value) if type(value) is arrays.kind() else Shared(value)
