"""Stops asking a store that does not answer, so that nobody waits for it, and tries it again by itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from service.domain.errors import StoreError

SILENT = "does not answer"


@dataclass(slots=True)
class Breaker:
    """Opens after some failures in a row; then one call at a time may try, after a pause."""

    name: str
    failures: int = 3
    pause_s: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _failed: int = 0
    _tries_at: float = 0.0
    _why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it counts as down."""
        return self._failed >= self.failures

    def check(self) -> None:
        """Raise `StoreError` while open; let the first call after the pause through."""
        if not self.is_open:
            return
        now = self.clock()
        if now < self._tries_at:
            raise StoreError(f"{self.name} {self._why}")
        self._tries_at = now + self.pause_s

    def succeeded(self) -> None:
        """Close."""
        self._failed = 0

    def failed(self, why: str = SILENT) -> None:
        """Count a failure; whoever is told to wait is told the last one's reason."""
        self._failed += 1
        self._why = why
        self._tries_at = self.clock() + self.pause_s
