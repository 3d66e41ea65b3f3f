"""Time that passes from event to event, and processes that wait in it.

A process is a generator. It yields what it waits for: a function that is given how to go on, and calls it
when the time has come.
"""

import heapq
from collections.abc import Callable, Generator
from itertools import count

Then = Callable[[], None]
Wait = Callable[[Then], None]
Process = Generator[Wait, None, None]


class Clock:
    """Runs events in the order of their times, and those of one time in the order in which they were set."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Then]] = []
        self._numbers = count()

    def at(self, time_s: float, then: Then) -> None:
        """Let something happen."""
        heapq.heappush(self._events, (time_s, next(self._numbers), then))

    def pause(self, seconds: float) -> Wait:
        """Wait for some time, and for nothing else."""
        return lambda then: self.at(self.now + seconds, then)

    def start(self, process: Process) -> None:
        """Run a process until it ends, from wait to wait."""

        def go_on() -> None:
            wait = next(process, None)
            if wait is not None:
                wait(go_on)

        go_on()

    def run(self, until_s: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until_s:
            self.now, _, then = heapq.heappop(self._events)
            then()
        self.now = until_s
