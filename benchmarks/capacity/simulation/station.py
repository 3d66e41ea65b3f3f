"""A part that works at one thing after another on each of its cores: gateway, sandbox, Redis."""

from collections import deque
from dataclasses import dataclass, field
from functools import partial

from benchmarks.capacity.simulation.clock import Clock, Then, Wait
from benchmarks.capacity.simulation.level import Level


@dataclass(slots=True)
class Station:
    """Cores, and one queue in front of them; first come, first served."""

    clock: Clock
    cores: int
    busy: Level = field(init=False)
    waiting: Level = field(init=False)
    waits_s: list[float] = field(default_factory=list)
    """Since the measuring began, in the order in which work was begun."""
    _queue: deque[tuple[float, float, Then]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.busy, self.waiting = Level(self.clock), Level(self.clock)

    def work(self, seconds: float) -> Wait:
        """Hold a core for so long, as soon as there is one."""
        return partial(self._come, seconds)

    def begin(self) -> None:
        """Measure from now on."""
        self.busy.begin()
        self.waiting.begin()
        self.waits_s.clear()

    @property
    def utilisation(self) -> float:
        """Share of its cores' time in which they worked."""
        return self.busy.mean / self.cores

    def _come(self, seconds: float, then: Then) -> None:
        if self.busy.value < self.cores:
            self.waits_s.append(0.0)
            self._serve(seconds, then)
            return
        self.waiting.add(1)
        self._queue.append((self.clock.now, seconds, then))

    def _serve(self, seconds: float, then: Then) -> None:
        self.busy.add(1)
        self.clock.at(self.clock.now + seconds, partial(self._end, then))

    def _end(self, then: Then) -> None:
        self.busy.add(-1)
        if self._queue:
            came, seconds, following = self._queue.popleft()
            self.waiting.add(-1)
            self.waits_s.append(self.clock.now - came)
            self._serve(seconds, following)
        then()
