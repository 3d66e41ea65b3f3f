"""Kill parts of a sandbox that is at work."""

import asyncio
import itertools
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox_runner.boxes.launcher import Launcher
from tests.isolation.conftest import Arena
from tests.isolation.invariants import children_of, descendants_of

_LOOKS = 200
_BETWEEN_LOOKS_S = 0.005


class Part(StrEnum):
    LAUNCHER = "launcher"
    BOX = "box"
    TEST = "test"


@dataclass
class Saboteur:
    arena: Arena
    struck: Counter[Part] = field(default_factory=Counter)
    dead_launchers: list[int] = field(default_factory=list)
    _plan: Iterator[Part] = field(
        default_factory=lambda: itertools.cycle([Part.BOX, Part.TEST, Part.LAUNCHER, Part.TEST, Part.BOX])
    )
    _turn: int = 0

    async def strike(self) -> None:
        """Kill the next part in turn, of the launchers in turn, waiting a while until there is one."""
        part = next(self._plan)
        for _ in range(_LOOKS):
            if self.strike_at(part):
                break
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    def strike_at(self, part: Part) -> bool:
        """Kill one, if there is one at this moment."""
        assert self.arena.sandbox.launchers is not None
        launchers = [each for each in self.arena.sandbox.launchers.all if each.usable]
        if not launchers:
            return False
        self._turn += 1
        found = self._kill(launchers[self._turn % len(launchers)], part)
        self.struck[part] += found
        return found

    def _kill(self, launcher: Launcher, part: Part) -> bool:
        if part is Part.LAUNCHER:
            self.dead_launchers.append(launcher.pid)
            return _killed(os.getpid(), launcher.pid)
        programs = set(programs_of(launcher.pid))
        boxes = set(children_of(launcher.pid)) - programs
        return any(_killed(launcher.pid, pid) for pid in (boxes if part is Part.BOX else programs))


def programs_of(launcher: int) -> list[int]:
    """The processes that run programs at this moment: each leads a session, and no box does."""
    return [pid for pid in descendants_of(launcher) if _session_of(pid) == pid]


def _session_of(pid: int) -> int | None:
    with suppress(OSError):
        return os.getsid(pid)
    return None


def _killed(ancestor: int, pid: int) -> bool:
    """Kill it if it still is below that ancestor: numbers of processes are given out again."""
    with suppress(ProcessLookupError):
        held = os.pidfd_open(pid)
        try:
            if pid in descendants_of(ancestor):
                signal.pidfd_send_signal(held, signal.SIGKILL)
                return True
        finally:
            os.close(held)
    return False
