"""Keep one launcher alive: start it when needed, replace it when it is gone."""

import asyncio
from types import TracebackType
from typing import Self

import structlog

from sandbox_runner.box import BoxError
from sandbox_runner.launcher import Launcher, LauncherError

log = structlog.get_logger()


class Launchers:
    def __init__(self, cgroup: str, *, namespaces: bool) -> None:
        self._cgroup = cgroup
        self._namespaces = namespaces
        self._current: Launcher | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with self._turn:
            await self._stop()

    async def get(self) -> Launcher:
        async with self._turn:
            if self._current is None or not self._current.usable:
                await self._stop()
                self._current = await self._start()
            return self._current

    async def _start(self) -> Launcher:
        try:
            launcher = await Launcher.start(self._cgroup, namespaces=self._namespaces)
        except LauncherError as error:
            raise BoxError(str(error)) from error
        log.info("launcher_started", walls=launcher.walls.name, pid=launcher.pid)
        return launcher

    async def _stop(self) -> None:
        if self._current is not None:
            stopping, self._current = self._current, None
            await stopping.stop()

    @property
    def current(self) -> Launcher | None:
        return self._current
