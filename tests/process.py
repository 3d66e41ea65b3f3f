"""A service as a process of its own, which a test may kill; it comes back to the same port."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from service.cli.stack import free_port

START_S = 120
END_S = 60


@dataclass
class Process:
    """A Python program that takes `--port`, and answers 200 at `ready` once it serves."""

    program: Sequence[str]
    log: Path
    ready: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    async def start(self, *options: str) -> None:
        command = [sys.executable, *self.program, "--port", str(self.port), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220 - a moment
        self.starts += 1
        async with asyncio.timeout(START_S), httpx.AsyncClient() as client:
            while not await self._answers(client):
                assert self.lives, self.log.read_text()
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """End it for certain, if it has not ended."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def terminate(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Wait for the process, and return its exit status."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, END_S)

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}{self.ready}", timeout=2)).status_code == 200
        except httpx.HTTPError:
            return False
