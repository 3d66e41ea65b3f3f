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
from tests.isolation.invariants import children_of

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
        boxes = children_of(launcher.pid)
        if part is Part.BOX:
            return any(_killed(launcher.pid, box) for box in boxes)
        return any(_killed(box, test) for box in boxes for test in children_of(box))


def programs_of(launcher: int) -> list[int]:
    """The processes that run programs at this moment."""
    return [test for box in children_of(launcher) for test in children_of(box)]


def _killed(parent: int, child: int) -> bool:
    """Kill it if it is still that parent's child: numbers of processes are given out again."""
    with suppress(ProcessLookupError):
        held = os.pidfd_open(child)
        try:
            if child in children_of(parent):
                signal.pidfd_send_signal(held, signal.SIGKILL)
                return True
        finally:
            os.close(held)
    return False
