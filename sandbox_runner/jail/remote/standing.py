"""What tests replace of the standard library, as by `mock.patch("time.sleep")`: for the program too.

On either side it stands only while that side's own code runs: what carries the conversation uses the library
itself.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Change = list[object]
"""Module, class if it is of one, and name, and what stands there now, if it is not what stood there first."""
Place = tuple[str, str, str]
ABSENT = object()
_vars, _setattr = vars, setattr  # which may be replaced themselves


class Standing:
    """Stand-ins by their places, and what they stand for."""

    def __init__(self) -> None:
        self.first: dict[Place, object] = {}
        self.now: dict[Place, object] = {}
        self._stands = False

    def put(self) -> None:
        for place, value in self.now.items():
            if place not in self.first:
                self.first[place] = at(place)
            _setattr(_owner(place), place[2], value)

    def lift(self) -> None:
        """What somebody else has put there since is not ours to take away."""
        for place, value in self.now.items():
            if at(place) is value:
                _restore(place, self.first[place])

    @contextmanager
    def lifted(self) -> Iterator[None]:
        stood, self._stands = self._stands, False
        self.lift()
        try:
            yield
        finally:
            self._stands = stood
            self.put()

    @contextmanager
    def standing(self) -> Iterator[None]:
        stood, self._stands = self._stands, True
        self.put()
        try:
            yield
        finally:
            self._stands = stood
            if not stood:
                self.lift()


def module_or_class(module: str, name: str) -> object:
    """The module, or its class of that name."""
    owner = sys.modules.get(module)
    return getattr(owner, name, None) if name else owner


def at(place: Place) -> object:
    """What is there now."""
    return _vars(_owner(place)).get(place[2], ABSENT)


def _owner(place: Place) -> Any:
    return module_or_class(place[0], place[1])


def _restore(place: Place, first: object) -> None:
    if first is ABSENT:
        delattr(_owner(place), place[2])
    else:
        _setattr(_owner(place), place[2], first)
