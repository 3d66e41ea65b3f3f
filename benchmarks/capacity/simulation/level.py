"""A number over time: how many are at work, or wait."""

from dataclasses import dataclass

from benchmarks.capacity.simulation.clock import Clock


@dataclass(slots=True)
class Level:
    """Remembers what it was on average, and at most, since the measuring began."""

    clock: Clock
    value: float = 0.0
    most: float = 0.0
    _since: float = 0.0
    _began: float = 0.0
    _sum: float = 0.0

    def add(self, change: float) -> None:
        """Change it now."""
        self._settle()
        self.value += change
        self.most = max(self.most, self.value)

    def begin(self) -> None:
        """Forget what was before."""
        self._began = self._since = self.clock.now
        self._sum, self.most = 0.0, self.value

    @property
    def mean(self) -> float:
        """The average over the time measured."""
        self._settle()
        return self._sum / max(self.clock.now - self._began, 1e-12)

    def _settle(self) -> None:
        self._sum += self.value * (self.clock.now - self._since)
        self._since = self.clock.now
