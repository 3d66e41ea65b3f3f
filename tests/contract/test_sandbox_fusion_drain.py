"""The whole process after SIGTERM: what runs is finished, what comes is sent elsewhere."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from service.cli.stack import free_port

pytestmark = pytest.mark.isolation

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "sandbox_runner.cli"]
SLEEP = {"code": "import time\ntime.sleep(1.5)\nprint('done')"}


@asynccontextmanager
async def _process() -> AsyncGenerator[tuple[asyncio.subprocess.Process, httpx.AsyncClient], None]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--port", str(port), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await _until_ready(process, client)
            yield process, client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _until_ready(process: asyncio.subprocess.Process, client: httpx.AsyncClient) -> None:
    for _ in range(200):
        if process.returncode is not None:
            pytest.skip("no sandbox on this machine")
        try:
            if (await client.get("/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise AssertionError("the sandbox did not start")


async def test_sigterm_lets_a_run_finish_and_turns_new_ones_away() -> None:
    async with _process() as (process, client), asyncio.TaskGroup() as group:
        running = group.create_task(client.post("/run", json=SLEEP))
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        turned_away = await client.post("/run", json=SLEEP)
        in_fusions_words = await client.post("/run_code", json=SLEEP | {"language": "python"})
        ready = await client.get("/ready")
        status = await asyncio.wait_for(process.wait(), 20)

    assert running.result().json()["stdout"] == "done\n"
    assert (turned_away.status_code, turned_away.json()["type"]) == (503, "/problems/sandbox-stopping")
    assert "retry-after" in turned_away.headers
    assert in_fusions_words.status_code == 504
    assert (ready.status_code, ready.json()["draining"]) == (503, True)
    assert status == 0
