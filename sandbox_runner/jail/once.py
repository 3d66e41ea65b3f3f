"""A box of one test: a fork of the launcher becomes that test, and the launcher watches it.

A box that forks its tests has written to most of its pages when it forks the first one, which writes to them
again; then the box does, to wait for it. Where no second test comes, one process is spared, and a quarter of
all CPU time. What a test is confined by is the same in both.
"""

import math
import os
import signal
import time

from sandbox_runner.jail import alarm, ending, first, libc, usage, waiting
from sandbox_runner.jail.alarm import Begun
from sandbox_runner.jail.cgroups import Cgroup


class OnlyTest:
    """The test of such a box, which says how it ended where the box would."""

    def __init__(
        self, pid: int, heard: int, held: tuple[int, ...], bounds: tuple[float, float], fork_s: float
    ) -> None:
        """`held`: the channel, and perhaps the clock that counts; `bounds`: seconds of CPU time, and by that.

        Takes over all descriptors, or ends the test and raises OSError.
        """
        try:
            self.watched = os.pidfd_open(pid)
        except OSError:
            first.end(pid)
            raise
        self._pid = pid
        self._heard = heard
        self._channel, *clocks = held
        self._clock = clocks[0] if clocks else None
        self._held = (self.watched, heard, *held)
        self._cpu_s, self._wall_s = bounds
        self._fork_s = fork_s
        self._told = b""
        self._stopped = 0
        self._waited_for = False
        self._ending = b""
        self.due = time.monotonic() + usage.pause_s(*bounds)

    @property
    def pid(self) -> int | None:
        """While there is such a process."""
        return None if self._waited_for else self._pid

    def look(self) -> None:
        """End it at a limit; else say when it is due again. Its clocks run from its beginning."""
        now = time.monotonic()
        begun = self._begun()
        cpu_left, wall_left = self._cpu_s, self._wall_s
        if begun is not None:
            cpu_left -= usage.cpu_s(self._pid) - begun.cpu_s
            wall_left -= waiting.wall_s(begun.at, self._clock)
        if cpu_left > 0 and wall_left > 0:
            self.due = now + usage.pause_s(cpu_left, wall_left)
            return
        self._stopped = ending.AT_CPU if cpu_left <= 0 else ending.AT_WALL
        self.due = math.inf
        os.kill(self._pid, signal.SIGKILL)

    def reap(self, cgroup: Cgroup, first_process: int | None) -> None:
        """Wait for it, which has ended, and learn how."""
        status, cpu_s, memory_bytes = libc.reap(self._pid)
        self._waited_for = True
        begun = self._begun()
        killed = status == -signal.SIGKILL
        try:
            if killed and not self._stopped and cgroup.oom_kills():
                self._stopped = ending.AT_MEMORY
        except OSError as error:  # others' tests must go on, and this one may be run again
            self._ending = ending.ERROR + ending.told(error)
            return
        if killed and not self._stopped and first_process is not None and first.is_ending(first_process):
            self._ending = ending.ERROR + b"its first process was killed"
        elif begun is not None:
            cpu_s, wall_s = max(0.0, cpu_s - begun.cpu_s), waiting.wall_s(begun.at, self._clock)
            self._ending = self._pack(status, cpu_s, wall_s, memory_bytes, compiled=begun.compiled)
        elif alarm.of_memory(self._told):
            self._stopped = ending.AT_MEMORY
            self._ending = self._pack(status, 0.0, 0.0, memory_bytes, compiled=True)
        elif killed:
            self._ending = self._pack(status, 0.0, 0.0, memory_bytes, compiled=False)
        else:
            self._ending = ending.ERROR + (self._told or b"a test ended before its program began")

    def tell(self, leaked_cgroups: int, leaked_processes: int) -> None:
        """Tell the service of its end, once nothing of its box is there, but what was leaked."""
        packet = self._ending
        if packet.startswith(ending.ENDING):
            packet += ending.pack_closed(leaked_cgroups, leaked_processes)
        try:
            os.write(self._channel, packet)
        except OSError:  # nobody wants to know
            return

    def close(self) -> None:
        """End it, if it has not, and forget it."""
        if not self._waited_for:
            first.end(self._pid)
            self._waited_for = True
        for descriptor in self._held:
            os.close(descriptor)

    def _begun(self) -> Begun | None:
        self._told += alarm.heard(self._heard) or b""
        return Begun.read(self._told)

    def _pack(self, status: int, cpu_s: float, wall_s: float, memory_bytes: int, *, compiled: bool) -> bytes:
        told = status, self._stopped, cpu_s, wall_s, memory_bytes, self._fork_s, True, compiled
        return ending.pack(ending.ENDING, *told)
