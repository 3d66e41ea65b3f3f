"""A clock of the tests' own."""

from dataclasses import dataclass


@dataclass
class Clock:
    """Time that passes when told to."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now
