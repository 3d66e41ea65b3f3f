"""How much may be repeated: an endpoint that fails is not stormed by everybody's second attempts."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class RetryBudget:
    """A bucket of repetitions: each call adds a fifth of one, each second a few of them."""

    share: float = 0.2
    a_second: float = 1.0
    most: float = 64.0
    clock: Callable[[], float] = time.monotonic
    _left: float = field(init=False)
    _filled_at: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin full."""
        self._left, self._filled_at = self.most, self.clock()

    def earn(self) -> None:
        """Count a call."""
        self._add(self.share)

    def take(self) -> bool:
        """Take a repetition; False: there is none left."""
        now = self.clock()
        self._add((now - self._filled_at) * self.a_second)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def _add(self, repetitions: float) -> None:
        self._left = min(self.most, self._left + repetitions)
