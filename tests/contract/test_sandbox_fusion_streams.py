"""Streams and leaving clients over a real connection: a line comes when it is known, a slot comes back."""

import asyncio
import json
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

from tests.contract.sandbox_server import real_sandbox_server

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="module")]

NDJSON = {"accept": "application/x-ndjson"}
SLOW_AT_2 = "import time\nn = int(input())\nif n >= 2: time.sleep(30)\nprint(n)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with real_sandbox_server() as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        yield client


async def _until_idle(client: httpx.AsyncClient) -> None:
    for _ in range(200):
        if "ctrl_inflight 0.0" in (await client.get("/metrics")).text:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("a slot did not come back")


async def test_lines_come_before_the_end_and_leaving_frees_the_slot(client: httpx.AsyncClient) -> None:
    tests = [{"stdin": str(n), "stdout": str(n)} for n in range(4)]
    body = {"code": SLOW_AT_2, "tests": tests, "limits": {"wall_s": 60}}
    seen = []
    async with client.stream("POST", "/judge", json=body, headers=NDJSON) as response:
        async for line in response.aiter_lines():
            seen.append(json.loads(line))
            if len(seen) == 2:
                break

    assert [line["test"] for line in seen] == [0, 1]
    await _until_idle(client)


async def test_a_batch_whose_client_leaves_runs_no_further(client: httpx.AsyncClient) -> None:
    endless = {"code": "while True: pass", "tests": [{"stdout": ""}], "limits": {"cpu_s": 30}}
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/judge/batch", json={"submissions": [endless] * 20}, timeout=0.5)

    await _until_idle(client)


async def test_each_submission_of_a_batch_is_streamed_in_order(
    client: httpx.AsyncClient,
) -> None:
    def submission(first: int) -> dict[str, object]:
        tests = [{"args": [n], "expected": n + 1} for n in range(first, first + 100)]
        return {"code": "def f(n): return n + 1", "entry_point": "f", "tests": tests}

    batch = {"submissions": [submission(100 * n) for n in range(4)]}
    response = await client.post("/judge/batch", json=batch, headers=NDJSON)

    lines = [json.loads(line) for line in response.text.splitlines()]
    for number in range(4):
        own = [line for line in lines if line["submission"] == number]
        assert [line["test"] for line in own[:-1]] == list(range(100))
        assert own[-1]["verdict"] == {"outcome": "accepted", "passed": 100, "total": 100}
