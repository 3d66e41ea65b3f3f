"""A gateway and a Redis that is not there, dies, stands still, or forgets: nothing is restarted but Redis."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway_process import ALL, RIGHT, WRONG, Town, town
from tests.redis_server import RedisServer, redis_server
from tests.unit.api.world import events_of

ASK: dict[str, Any] = {"problem": "Add one to a number.", "entry_point": "f"}
BACKGROUND = ASK | {"background": True}


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer, None, None]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@dataclass
class Door:
    """The one gateway of a town, and how to call it."""

    place: Town
    client: httpx.AsyncClient

    async def refine(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.client.post("/refine", json=body, headers=headers)

    async def ready(self) -> tuple[int, str, bool]:
        answer = await self.client.get("/ready")
        body = answer.json()
        return answer.status_code, body["status"], body["parts"]["store"]["ready"]

    async def until_the_store_is(self, *, ready: bool) -> None:
        async with asyncio.timeout(60):
            while (await self.ready())[2] is not ready:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)

    async def finished(self, job_id: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                answer = await self.client.get(f"/refine/{job_id}")
                if answer.status_code == 200 and answer.json()["status"] not in {"queued", "in_progress"}:
                    document: dict[str, Any] = answer.json()
                    return document
                await asyncio.sleep(0.1)

    async def _rounds(self, job_id: str) -> int:
        return len((await self.client.get(f"/refine/{job_id}")).json()["rounds"])

    async def in_the_second_round(self) -> str:
        job_id: str = (await self.refine(BACKGROUND)).json()["id"]
        self.place.generator.let(1)
        async with asyncio.timeout(60):
            while self.place.generator.calls != 2 or not await self._rounds(job_id):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return job_id


@asynccontextmanager
async def _door(directory: Path, redis: RedisServer) -> AsyncGenerator[Door, None]:
    async with town(directory, redis.url, lease_s=4, timeout_s=2) as place:
        gateway = await place.gateway()
        async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as client:
            yield Door(place, client)


def _is_served(answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.text
    assert answer.json()["solution"] == RIGHT


def _is_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/store-failed"
    assert int(answer.headers["retry-after"]) > 0


async def test_a_gateway_starts_without_redis_and_uses_it_when_it_comes(
    redis: RedisServer, tmp_path: Path
) -> None:
    redis.kill()
    async with _door(tmp_path, redis) as door:
        door.place.generator.let(ALL)
        before = await door.ready()
        _is_refused(await door.refine(BACKGROUND))
        _is_served(await door.refine(ASK))
        redis.start()
        await door.until_the_store_is(ready=True)
        whole = await door.finished((await door.refine(BACKGROUND)).json()["id"])

    # The sandbox of a town is not there: the gateway is unready for that alone.
    assert before[1:] == ("degraded", False)
    assert whole["solution"] == RIGHT


async def test_a_burst_of_jobs_is_accepted_by_one_gateway(redis: RedisServer, tmp_path: Path) -> None:
    async with town(tmp_path, redis.url) as place:
        gateway = await place.gateway()
        limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=gateway.url, timeout=60, limits=limits) as client,
            asyncio.TaskGroup() as group,
        ):
            begun = [group.create_task(client.post("/refine", json=BACKGROUND)) for _ in range(500)]

    assert [one.result().status_code for one in begun] == [202] * 500


async def test_a_refinement_outlives_the_death_of_redis(redis: RedisServer, tmp_path: Path) -> None:
    async with _door(tmp_path, redis) as door:
        job_id = await door.in_the_second_round()

        redis.kill()
        door.place.generator.let(ALL)
        await door.until_the_store_is(ready=False)
        live = await door.client.get("/health")
        _is_served(await door.refine(ASK))
        _is_served(await door.refine(ASK, **{"Idempotency-Key": "k"}))
        _is_refused(await door.refine(BACKGROUND))
        redis.start()
        await door.until_the_store_is(ready=True)
        whole = await door.finished(job_id)
        events = events_of((await door.client.get(f"/refine/{job_id}/events")).text)

    assert live.status_code == 200
    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.name for event in events].count("refinement.completed") == 1


async def test_a_redis_that_stands_still_holds_nobody_up(redis: RedisServer, tmp_path: Path) -> None:
    async with _door(tmp_path, redis) as door:
        job_id = await door.in_the_second_round()

        redis.pause()
        door.place.generator.let(ALL)
        await door.until_the_store_is(ready=False)
        _is_served(await door.refine(ASK))
        _is_served(await door.refine(ASK, **{"Idempotency-Key": "k"}))
        _is_refused(await door.refine(BACKGROUND))
        redis.resume()
        await door.until_the_store_is(ready=True)
        whole = await door.finished(job_id)

    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]


async def test_a_redis_that_was_wiped_is_told_of_the_work_in_progress(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with _door(tmp_path, redis) as door:
        job_id = await door.in_the_second_round()

        redis.wipe()
        door.place.generator.let(ALL)
        whole = await door.finished(job_id)
        another = await door.finished((await door.refine(BACKGROUND)).json()["id"])

    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]
    assert door.place.generator.calls == 4
    assert another["status"] == "completed"
