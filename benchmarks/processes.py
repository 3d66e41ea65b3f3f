"""Services that a benchmark starts, and what they cost."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from service.cli.parent import end_with_parent
from service.cli.stack import free_port

START_S = 120.0


@dataclass(frozen=True, slots=True)
class Service:
    """A process that answers HTTP on loopback."""

    name: str
    pid: int
    url: str

    def cpu_s(self) -> float:
        """Of the process, of children it waited for, and of those that live, with theirs."""
        return sum(_cpu_s(pid) for pid in (self.pid, *_children(self.pid)))

    def resident_bytes(self) -> int:
        """Memory that the process holds now, its children's included."""
        return sum(_resident_bytes(pid) for pid in (self.pid, *_children(self.pid)))


@asynccontextmanager
async def module(
    name: str, *command: str, ready: str = "/ready", environment: Mapping[str, str] | None = None
) -> AsyncIterator[Service]:
    """Run a module of ours, with `--port`, until the context ends."""
    async with running(
        name, (sys.executable, "-m", *command), ready=ready, environment=environment
    ) as service:
        yield service


@asynccontextmanager
async def running(
    name: str, command: tuple[str, ...], *, ready: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Service]:
    """Run a command, with `--port`, until the context ends; it is ready once `ready` answers 200."""
    port = free_port()
    environ = {**os.environ, **(environment or {})}  # noqa: TID251 - a child gets the whole of it
    process = subprocess.Popen(  # noqa: ASYNC220
        [*command, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environ,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - a benchmark that is stopped leaves nothing running
    )
    try:
        url = f"http://127.0.0.1:{port}"
        await _ready(url + ready)
        yield Service(name, process.pid, url)
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 30)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


async def _ready(url: str) -> None:
    deadline = time.monotonic() + START_S
    async with aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url} is not ready after {START_S:g} s")
            await asyncio.sleep(0.1)


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in listed] + [below for pid in listed for below in _children(int(pid))]


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
