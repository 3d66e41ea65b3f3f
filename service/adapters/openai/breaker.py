"""Leaves a failing endpoint alone, and finds out call by call when it is back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_WEIGHT = 0.13
"""Of the newest call: five failures in a row open a clean record, as does failing every other time."""
_TOO_MANY = 0.5
_ON_TRIAL = 0.45
"""One more failure is too many."""


class Ending(StrEnum):
    """What a call says of the endpoint."""

    SUCCEEDED = "succeeded"
    """Its answer was read to the end."""
    REFUSED = "refused"
    """Refused for what was asked: the endpoint is alive."""
    FAILED = "failed"
    UNTOLD = "untold"
    """The caller left first."""


@dataclass(slots=True)
class Breaker:
    """Opens once half of the calls fail, the newest counting most; then one may try after each pause.

    A call that tries may take minutes: the next one need not wait for its end, and once it hears the first
    words of a streamed answer all others may follow, until one fails.
    """

    clock: Callable[[], float] = time.monotonic
    first_pause_s: float = 1.0
    longest_pause_s: float = 10.0
    _failing: float = 0.0
    _tries_at: float | None = None
    _pause_s: float = 0.0
    _era: int = 0

    @property
    def is_open(self) -> bool:
        return self._tries_at is not None

    @property
    def wait_s(self) -> float:
        """Return how long no call may begin; 0: one may now."""
        return 0.0 if self._tries_at is None else max(0.0, self._tries_at - self.clock())

    def begin(self) -> int:
        """Begin a call; hand back what this returns with its end."""
        if self._tries_at is not None:
            self._tries_at = self.clock() + self._pause_s
        return self._era

    def hear(self, era: int) -> None:
        """Take note that an answer has begun."""
        if era == self._era and self._tries_at is not None:
            self._failing, self._tries_at = _ON_TRIAL, None

    def end(self, era: int, ending: Ending) -> None:
        """End a call. One that began before the breaker opened is old news."""
        if era != self._era:
            return
        if self._tries_at is not None:
            self._end_of_trial(ending)
        elif ending is Ending.SUCCEEDED:
            self._failing -= _WEIGHT * self._failing
            self._pause_s = 0.0
        elif ending is Ending.FAILED:
            self._failing += _WEIGHT * (1 - self._failing)
            if self._failing >= _TOO_MANY:
                self._era += 1
                self._pause()

    def _end_of_trial(self, ending: Ending) -> None:
        match ending:
            case Ending.FAILED:
                self._pause()
            case Ending.UNTOLD:
                self._tries_at = self.clock()
            case _:
                self._failing, self._tries_at, self._pause_s = 0.0, None, 0.0

    def _pause(self) -> None:
        """Leave it alone, for twice as long as the last time if it has not been well since."""
        self._pause_s = min(max(self.first_pause_s, 2 * self._pause_s), self.longest_pause_s)
        self._tries_at = self.clock() + self._pause_s
