"""How many submissions may be at work at once.

No more programs run than there are CPUs, so that the clock on the wall is about that of the CPU. But where
submissions take milliseconds, a part of those is messages and the making of boxes, in which a CPU waits: one
submission more fills it (docs/decisions.md). As soon as one of them takes longer, none is added.
"""

import os
import time
from typing import Self

BRIEF_S = 0.1
"""No more than a tenth of the shortest limits on the clock that people set."""
_WEIGHT_OF_THE_LAST = 0.1


class Slots:
    """So many, and `spare` more while those who hold one are brief."""

    def __init__(self, number: int, spare: int) -> None:
        self.number, self._spare = number, spare
        self._since: dict[object, float] = {}
        """When each holder came, the oldest first."""
        self.mean_hold_s = BRIEF_S  # the first has to show that it is brief

    @classmethod
    def of(cls, number: int | None) -> Self:
        """As many as are asked for; else one for each CPU, and one to spare."""
        return cls(len(os.sched_getaffinity(0)), 1) if number is None else cls(number, 0)

    @property
    def most(self) -> int:
        return self.number + self._spare

    @property
    def free(self) -> bool:
        taken = len(self._since)
        return taken < self.number or (taken < self.most and self._are_brief())

    @property
    def idle(self) -> bool:
        return not self._since

    def take(self) -> object:
        """Return the new holder, who gives the slot back."""
        holder = object()
        self._since[holder] = time.monotonic()
        return holder

    def give_back(self, holder: object) -> None:
        held_s = time.monotonic() - self._since.pop(holder)
        self.mean_hold_s += _WEIGHT_OF_THE_LAST * (held_s - self.mean_hold_s)

    def _are_brief(self) -> bool:
        oldest = next(iter(self._since.values()))
        return self.mean_hold_s < BRIEF_S and time.monotonic() - oldest < BRIEF_S
