"""The launcher as the service sees it: a child process that opens and closes boxes on request."""

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sandbox_runner.boxes.channel import Channel, ChannelClosedError
from sandbox_runner.boxes.runtimes import Runtime
from sandbox_runner.domain.verdict import Limits
from sandbox_runner.jail import messages, warm

_ROOT = str(Path(__file__).parents[2])
# The path goes again after the import, so that programs cannot import us by it.
_START = """
import sys
sys.path.insert(0, sys.argv.pop())
from sandbox_runner.jail import warm
with warm.no_fork_hooks():
    warm.import_dataclasses()
    from sandbox_runner.jail import launcher
del sys.path[0]
launcher.main()
"""
_PYTHON: str = sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001 - not the virtual environment's
_COMMAND = (_PYTHON, "-s", "-S", "-P", "-B", "-X", "utf8", "-c", _START)
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "HOME": "/",
    **warm.ENVIRONMENT,
}
_START_S = 30.0
_ANSWER_S = 10.0
_STOP_S = 5.0


class LauncherError(Exception):
    """The launcher is gone, or could not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Walls:
    """What the launcher found that this machine gives."""

    name: str
    isolated: bool
    failures: tuple[str, ...]
    cgroup_missing: str | None
    once: bool
    """Boxes of one test can be made."""
    large_pages: bool
    """The interpreter lies in large pages."""

    def equal(self, other: "Walls") -> bool:
        """Whether boxes have the same walls, whatever was tried before."""
        return (self.name, self.cgroup_missing is None) == (other.name, other.cgroup_missing is None)


@dataclass(frozen=True, slots=True)
class OpenedBox:
    number: int
    channel: Channel
    """To the box, or to the launcher, which says there why it could not make one."""
    once: bool
    """It runs one test, with which it is gone."""


class Launcher:
    def __init__(self, process: subprocess.Popen[bytes], control: Channel, walls: Walls) -> None:
        self._process = process
        self._control = control
        self._boxes = itertools.count(1)
        self._questions = itertools.count(1)
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._broken = False
        self.walls = walls
        self.leaked_cgroups = 0
        self.leaked_processes = 0
        control.listen(self._hear, self._lose)

    @classmethod
    async def start(cls, runtime: Runtime, cgroup: str, *, namespaces: bool) -> Self:
        control, theirs = Channel.pair()
        try:
            with theirs:
                process = _spawn(theirs.fileno(), runtime, cgroup, namespaces=namespaces)
        except OSError as error:
            control.close()
            raise LauncherError(f"the launcher did not start: {error}") from error
        try:
            async with asyncio.timeout(_START_S):
                ready = json.loads(await control.receive())
        except BaseException as error:
            control.close()
            process.kill()
            await asyncio.to_thread(process.wait)
            if isinstance(error, ChannelClosedError | TimeoutError):
                raise LauncherError("the launcher did not start") from error
            raise
        walls = Walls(**{**ready, "failures": tuple(ready["failures"])})
        return cls(process, control, walls)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def usable(self) -> bool:
        return not self._broken

    def open(self, limits: Limits, *, once: bool = False, clock: int | None = None) -> "OpenedBox":
        """Ask for a box, perhaps of one test. What is sent on its channel waits there until it stands.

        `clock`: by which such a test is late, if not by the one on the wall.
        """
        number = next(self._boxes)
        ours, theirs = Channel.pair()
        size = {"memory_bytes": limits.memory_bytes, "tasks": limits.tasks, "shares": limits.processes > 1}
        once = once and self.walls.once
        bounds = (limits.cpu_s, limits.wall_s) if once else None
        try:
            with theirs:
                told = [theirs.fileno()] if clock is None else [theirs.fileno(), clock]
                self._send({"op": "open", "id": number, **size, "once": bounds}, told)
        except BaseException:
            ours.close()
            raise
        return OpenedBox(number, ours, once)

    async def oom_kills(self, number: int) -> int:
        """How often the kernel ended a process of this box for want of memory."""
        async with asyncio.timeout(_ANSWER_S):
            return int((await self._ask({"op": "usage", "id": number}))["oom_kills"])

    async def close_box(self, number: int) -> None:
        """End all processes of a box; a launcher that is gone has taken its boxes along.

        One that does not answer is as good as gone: another takes its place.
        """
        with suppress(LauncherError):
            closing = self._ask({"op": "close", "id": number})
            try:
                async with asyncio.timeout(_ANSWER_S):
                    answer = await closing
            except TimeoutError:
                self._lose()
                return
            self.count_leaked(*answer["leaked"])

    def count_leaked(self, cgroups: int, processes: int) -> None:
        """Count what was left of a box that is gone."""
        self.leaked_cgroups += cgroups
        self.leaked_processes += processes

    async def stop(self) -> None:
        self._lose()
        self._control.close()
        try:
            await asyncio.to_thread(self._process.wait, _STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def _ask(self, request: dict[str, object]) -> asyncio.Future[dict[str, Any]]:
        """Send now, answer later: a cancelled caller leaves the conversation in order."""
        number = next(self._questions)
        answer = asyncio.get_running_loop().create_future()
        self._send({**request, "ask": number})
        self._pending[number] = answer
        return answer

    def _send(self, request: dict[str, object], descriptors: Sequence[int] = ()) -> None:
        if self._broken:
            raise LauncherError("the launcher is gone")
        try:
            self._control.send(messages.pack(request), descriptors)
        except ChannelClosedError as error:
            self._lose()
            raise LauncherError("the launcher is gone") from error

    def _hear(self, packet: bytes) -> None:
        answer = json.loads(packet)
        waiting = self._pending.pop(answer["ask"], None)
        if waiting is None or waiting.done():
            return
        if "error" in answer:
            _fail(waiting, str(answer["error"]))
        else:
            waiting.set_result(answer)

    def _lose(self) -> None:
        self._broken = True
        for waiting in self._pending.values():
            if not waiting.done():
                _fail(waiting, "the launcher is gone")
        self._pending.clear()


def _fail(waiting: asyncio.Future[dict[str, Any]], reason: str) -> None:
    waiting.set_exception(LauncherError(reason))
    waiting.exception()  # some answers have nobody waiting


def _spawn(control_fd: int, runtime: Runtime, cgroup: str, *, namespaces: bool) -> subprocess.Popen[bytes]:
    config = {
        "control": control_fd,
        "cgroup": cgroup,
        "namespaces": namespaces,
        "preload": runtime.preload,
        "search": runtime.search,
        "readable": runtime.readable,
        "executable": runtime.executable,
    }
    return subprocess.Popen(
        [*_COMMAND, json.dumps(config), _ROOT],
        pass_fds=[control_fd],
        env=_ENVIRONMENT,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C at a terminal is for the service, which then stops this
    )
