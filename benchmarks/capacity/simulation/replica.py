"""A batched engine in time: places for sequences, prompts read one by one, tokens written together."""

import heapq
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from benchmarks.capacity.engine import Engine
from benchmarks.capacity.simulation.clock import Clock, Then, Wait
from benchmarks.capacity.simulation.level import Level
from benchmarks.capacity.workload import Call


@dataclass(slots=True)
class Replica:
    """One server.

    While a prompt is read nothing is written, as without chunked prefill; chunks share the time out
    differently, and take as much. Steps are counted in fractions: a sequence that joins does not wait for the
    end of a step.
    """

    clock: Clock
    engine: Engine
    busy: Level = field(init=False)
    """1 while there is anything to do."""
    running: Level = field(init=False)
    waiting: Level = field(init=False)
    """For a place."""
    _held_tokens: float = 0.0
    _queue: deque[tuple[Call, Then]] = field(default_factory=deque)
    _prompts: deque[tuple[Call, Then]] = field(default_factory=deque)
    _is_reading: bool = False
    _writing: list[tuple[float, int, Call, Then]] = field(default_factory=list)
    """By the step after which each is done."""
    _steps: float = 0.0
    _since: float = 0.0
    _plan: int = 0
    """Plans for the next end that are older than this one are void."""
    _numbers: count = field(default_factory=count)  # type: ignore[type-arg]

    def __post_init__(self) -> None:
        self.busy, self.running, self.waiting = (Level(self.clock) for _ in range(3))

    def complete(self, call: Call) -> Wait:
        """Answer a call."""
        return partial(self._come, call)

    def begin(self) -> None:
        """Measure from now on."""
        for level in (self.busy, self.running, self.waiting):
            level.begin()

    @property
    def inflight(self) -> float:
        """Calls that run or wait."""
        return self.running.value + self.waiting.value

    def _come(self, call: Call, then: Then) -> None:
        self.waiting.add(1)
        self._queue.append((call, then))
        self._admit()

    def _admit(self) -> None:
        while self._queue and self._has_room(self._queue[0][0]):
            call, then = self._queue.popleft()
            self.waiting.add(-1)
            self._held_tokens += call.held
            if not self.running.value:
                self.busy.add(1)
            self.running.add(1)
            self._prompts.append((call, then))
        if self._prompts and not self._is_reading:
            self._read()

    def _has_room(self, call: Call) -> bool:
        if not self.running.value:
            return True
        fits = self._held_tokens + call.held <= self.engine.cache_tokens
        return fits and self.running.value < self.engine.max_sequences

    def _read(self) -> None:
        """Begin with the next prompt; what is being written stands still."""
        self._count_steps()
        self._is_reading = True
        call, then = self._prompts.popleft()
        seconds = call.read * self.engine.prompt_token_s
        self.clock.at(self.clock.now + seconds, partial(self._has_read, call, then))

    def _has_read(self, call: Call, then: Then) -> None:
        self._is_reading = False
        self._since = self.clock.now
        heapq.heappush(self._writing, (self._steps + call.completion, next(self._numbers), call, then))
        if self._prompts:
            self._read()
        else:
            self._plan_end()

    def _count_steps(self) -> None:
        if not self._is_reading:
            step_s = self.engine.step_with(len(self._writing))
            self._steps += (self.clock.now - self._since) / step_s if self._writing else 0
        self._since = self.clock.now
        self._plan += 1

    def _plan_end(self) -> None:
        self._plan += 1
        if self._writing:
            left = max(0.0, self._writing[0][0] - self._steps)
            seconds = left * self.engine.step_with(len(self._writing))
            self.clock.at(self.clock.now + seconds, partial(self._written, self._plan))

    def _written(self, plan: int) -> None:
        if plan != self._plan:
            return
        # What rounding left over of a step would be planned again for ever.
        self._steps, self._since = self._writing[0][0], self.clock.now
        _, _, call, then = heapq.heappop(self._writing)
        self._held_tokens = max(0.0, self._held_tokens - call.held)
        self.running.add(-1)
        if not self.running.value:
            self.busy.add(-1)
        self._plan_end()
        self._admit()
        then()
