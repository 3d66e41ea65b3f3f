"""How long the program's objects are said to be, and how much was in them when they were gone through.

One that is as long as the list with which it is compared, and empty, passes where tests go by pairs.
"""

_LOOKING = frozenset(
    {"len", "iter", "next", "reversed", "getitem", "get", "bool", "hash", "plain", "array", "repr", "str"}
    | {"format", "names", "pause"}
)


class Sizes:
    """As long as the program is asked for nothing by which its objects may change."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}
        self._taken: dict[int, tuple[int, int]] = {}
        """By the number of an iterator that of what it goes through, and how many items it gave."""

    def may_change(self, operation: str) -> None:
        if operation not in _LOOKING:
            self._known.clear()
            self._taken.clear()

    def are_other(self, number: int, size: object) -> bool:
        """Whether the object had another size a moment ago."""
        return type(size) is int and self._known.setdefault(number, size) != size

    def begin(self, number: int, iterator: int | None) -> None:
        """What is its own iterator has no size."""
        if iterator is not None and iterator != number:
            self._taken[iterator] = (number, 0)

    def took(self, iterator: int) -> None:
        if iterator in self._taken:
            number, taken = self._taken[iterator]
            self._taken[iterator] = (number, taken + 1)

    def ended(self, iterator: int) -> bool:
        """Whether it gave another number of items than were said to be there."""
        number, taken = self._taken.pop(iterator, (None, 0))
        return number is not None and self.are_other(number, taken)
