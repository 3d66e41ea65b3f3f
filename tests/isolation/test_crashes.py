"""G7 and G8: the service dies under load, or is given the same poison again and again."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sandbox_runner.domain.verdict import Outcome
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from tests.isolation.conftest import Arena
from tests.isolation.invariants import cgroups_named, children_of

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_ROOT = Path(__file__).parents[2]
_IN_FLIGHT = 40
_SLEEPER = {
    "code": "import time\ndef f(): time.sleep(9)",
    "entry_point": "f",
    "tests": [{"args": [], "expected": 1}],
}
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Victim:
    """A service in a process of its own, with a queue that is full of sleepers."""

    process: subprocess.Popen[bytes]
    launcher: int
    boxes: list[int]

    def kill(self, *victims: int) -> None:
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        self.process.wait()


@contextmanager
def _service() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "sandbox_runner.cli", "--port", port]
    with subprocess.Popen(
        command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


async def _kill_under_load(process: subprocess.Popen[bytes], url: str, *, launcher_too: bool) -> Victim:
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_S) as client:
        await _until_ready(client)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(_expect_no_verdict(client)) for _ in range(_IN_FLIGHT)]
            (launcher,) = children_of(process.pid)
            await _until(lambda: len(children_of(launcher)) > 0)
            victim = Victim(process, launcher, children_of(launcher))
            victim.kill(process.pid, *([launcher] if launcher_too else []))
            assert all(not task.done() for task in running)
    return victim


async def _until_ready(client: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if (await client.get("/ready")).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    pytest.fail("the service did not start")


async def _expect_no_verdict(client: httpx.AsyncClient) -> None:
    """A client of a service that died sees that, and no verdict."""
    with pytest.raises(httpx.TransportError):
        await client.post("/judge", json=_SLEEPER)


async def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.05)


def _living(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


async def test_a_service_that_is_killed_takes_its_boxes_along() -> None:
    with _service() as (process, url):
        victim = await _kill_under_load(process, url, launcher_too=False)

        await _until(lambda: _living([victim.launcher, *victim.boxes]) == [])
        assert cgroups_named(victim.launcher) == []


async def test_what_a_killed_launcher_left_is_swept_by_the_next() -> None:
    with _service() as (process, url):
        victim = await _kill_under_load(process, url, launcher_too=True)

        await _until(lambda: _living([victim.launcher, *victim.boxes]) == [])
        async with open_sandbox(Settings()) as sandbox:
            await Arena(sandbox).assert_unharmed()
            assert cgroups_named(victim.launcher) == []


async def test_the_same_poison_again_and_again_gets_the_same_verdict(arena: Arena) -> None:
    code = "a = []\nwhile True: a.append(bytearray(b'x' * (1 << 20)))"
    launcher = arena.launcher()

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(arena.script(code)) for _ in range(25)]

    assert {each.result().outcome for each in running} == {Outcome.MEMORY_LIMIT}
    assert arena.launcher() is launcher
    await arena.assert_unharmed()
