"""Keep one launcher alive for each runtime in use: start it when needed, replace it when it is gone."""

import asyncio
from collections import defaultdict
from types import TracebackType
from typing import Self

import structlog

from sandbox_runner.boxes.box import BoxError
from sandbox_runner.boxes.launcher import Launcher, LauncherError, Walls
from sandbox_runner.boxes.runtimes import STDLIB, Runtime

log = structlog.get_logger()


class Launchers:
    def __init__(self, cgroup: str, *, namespaces: bool) -> None:
        self._cgroup = cgroup
        self._namespaces = namespaces
        self._running: dict[str, Launcher] = {}
        # The self-test attacks the first launcher, and what it found must hold for all.
        self._examined: Walls | None = None
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self._running):
            await self._stop(name)

    async def get(self, runtime: Runtime = STDLIB) -> Launcher:
        running = self._running.get(runtime.name)
        if running is not None and running.usable:
            return running
        async with self._turns[runtime.name]:
            running = self._running.get(runtime.name)
            if running is None or not running.usable:
                await self._stop(runtime.name)
                self._running[runtime.name] = running = await self._start(runtime)
            return running

    async def _start(self, runtime: Runtime) -> Launcher:
        try:
            launcher = await Launcher.start(runtime, self._cgroup, namespaces=self._namespaces)
        except (LauncherError, OSError) as error:
            raise BoxError(str(error)) from error
        if not launcher.walls.equal(self._examined or launcher.walls):
            await launcher.stop()
            raise BoxError(f"runtime {runtime.name}: {launcher.walls}, but {self._examined} were examined")
        walls = self._examined = launcher.walls
        log.info(
            "launcher_started",
            runtime=runtime.name,
            walls=walls.name,
            once=walls.once,
            large_pages=walls.large_pages,
            pid=launcher.pid,
        )
        return launcher

    async def _stop(self, name: str) -> None:
        stopping = self._running.pop(name, None)
        if stopping is not None:
            await stopping.stop()

    @property
    def current(self) -> Launcher | None:
        """The one that most programs use."""
        return self._running.get(STDLIB.name)

    @property
    def all(self) -> tuple[Launcher, ...]:
        return tuple(self._running.values())
