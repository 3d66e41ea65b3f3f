"""Verdicts for many candidates at once, from the sandbox service and nowhere else."""

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.progress import Progress

from service.adapters.sandbox import HttpSandbox, Patience, http_sandbox
from service.domain.errors import RequestError, SandboxError
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict
from training.first_error import first_error

Judging = tuple[Task, Candidate]
CONCURRENCY = max(8, 2 * (os.cpu_count() or 1))
"""Judgings asked for at once: enough that a sandbox on as many cores never waits for us."""
_START_S = 30.0
_STOP_S = 10.0
PATIENCE = Patience(attempts=8, attempts_when_full=200, timeout_s=600.0)
"""A queue in front of a small sandbox may be long; the work is offline and can wait."""


@contextmanager
def sandbox_service(url: str | None) -> Iterator[str]:
    """The sandbox at `url`, or without one a sandbox of our own on a free port of the loopback."""
    if url is not None:
        yield url
        return
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox_runner.cli", "--port", str(port), "--with-parent"],
        stdout=subprocess.DEVNULL,
    )
    try:
        own = f"http://127.0.0.1:{port}"
        _wait_until_ready(own, process)
        yield own
    finally:
        process.terminate()
        process.wait(timeout=_STOP_S)


def judge_all(
    url: str, judgings: Sequence[Judging], label: str, limits_s: Sequence[float | None] | None = None
) -> list[Verdict | RequestError]:
    """Judge every candidate; equal judgings are run once. Raises `SandboxError`, never guesses.

    Tests that can judge no program are no fault of the sandbox, nor of the program: what is wrong with them
    stands in the place of a verdict.
    `limits_s` holds the CPU seconds of a test for each judging; None takes the sandbox's own.
    """
    timed = list(zip(judgings, limits_s or [None] * len(judgings), strict=True))
    keys = [_key(*judging, limit_s) for judging, limit_s in timed]
    distinct = dict(zip(keys, timed, strict=True))
    verdicts = dict(zip(distinct, asyncio.run(_judge(url, list(distinct.values()), label)), strict=True))
    return [verdicts[key] for key in keys]


def _key(task: Task, candidate: Candidate, limit_s: float | None) -> bytes:
    """What two equal judgings have in common, as a hash: the tests alone may be megabytes."""
    text = repr((task.tests, task.entry_point, candidate.code, limit_s))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


async def _judge(
    url: str, timed: Sequence[tuple[Judging, float | None]], label: str
) -> list[Verdict | RequestError]:
    verdicts: dict[int, Verdict | RequestError] = {}
    waiting = iter(enumerate(timed))
    with Progress(transient=True) as progress:
        bar = progress.add_task(label, total=len(timed))

        async def work(sandbox: HttpSandbox) -> None:
            for index, ((task, candidate), limit_s) in waiting:
                try:
                    verdicts[index] = await sandbox.judge(task, candidate, cpu_s=limit_s)
                except RequestError as error:
                    verdicts[index] = error
                progress.advance(bar)

        async with http_sandbox(url, patience=PATIENCE, connections=CONCURRENCY) as sandbox:
            with first_error():
                async with asyncio.TaskGroup() as group:
                    for _ in range(CONCURRENCY):
                        group.create_task(work(sandbox))
    return [verdicts[index] for index in range(len(timed))]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SandboxError(f"the sandbox ended with status {process.returncode} before it was ready")
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=2):  # noqa: S310 - our own loopback
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise SandboxError(f"the sandbox was not ready within {_START_S:g} s")
