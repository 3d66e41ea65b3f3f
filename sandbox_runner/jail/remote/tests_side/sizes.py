"""How long the program's objects are said to be, and how much was in them when they were gone through.

One that is as long as the list with which it is compared, and empty, passes where tests go by pairs.
"""

NO_QUESTIONS = frozenset({"names", "pause", "turn"})
"""What is asked for no test."""
_LOOKING = NO_QUESTIONS | {
    *("len", "iter", "next", "reversed", "getitem", "get", "bool", "hash", "plain", "array", "repr", "str"),
    "format",
}


class Sizes:
    """As long as the program is asked for nothing by which its objects may change."""

    def __init__(self) -> None:
        self._said: dict[int, int] = {}
        self._found: dict[int, int] = {}
        self._taken: dict[int, tuple[int, int]] = {}
        """By the number of an iterator that of what it goes through, and how many items it gave."""

    def may_change(self, operation: str) -> None:
        if operation not in _LOOKING:
            for each in (self._said, self._found, self._taken):
                each.clear()

    def is_too_long(self, number: int, size: object) -> bool:
        """Whether fewer items were in the object a moment ago than it says now."""
        if type(size) is int:
            self._said[number] = size
        return self._said.get(number, 0) > self._found.get(number, self._said.get(number, 0))

    def begin(self, number: int, iterator: int) -> None:
        self._taken.setdefault(iterator, (number, 0))

    def took(self, iterator: int) -> None:
        if iterator in self._taken:
            number, taken = self._taken[iterator]
            self._taken[iterator] = (number, taken + 1)

    def ended_at(self, number: int, place: int) -> bool:
        """Whether there is no item at a place that it should have."""
        self._found[number] = place
        return self.is_too_long(number, None)

    def ended_early(self, iterator: int) -> bool:
        """Whether it gave fewer items than were said to be there."""
        if iterator not in self._taken:
            return False
        return self.ended_at(*self._taken.pop(iterator))
