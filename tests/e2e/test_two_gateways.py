"""Two gateways, one Redis: what one of them began the other one finishes, whatever happens to the first."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway_process import ALL, RIGHT, WRONG, Town, town
from tests.process import Process
from tests.redis_server import RedisServer, redis_server
from tests.unit.api.world import Event, events_of

ASK: dict[str, Any] = {"problem": "Add one to a number.", "entry_point": "f"}
BACKGROUND = ASK | {"background": True}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer, None, None]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - other processes send no events
            await asyncio.sleep(0.02)


async def _document(
    client: httpx.AsyncClient, url: str, wanted: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Ask for a refinement until it is as wanted."""
    async with asyncio.timeout(60):
        while True:
            document: dict[str, Any] = (await client.get(url)).json()
            if wanted(document):
                return document
            await asyncio.sleep(0.05)


def _finished(document: dict[str, Any]) -> bool:
    return document["status"] not in {"queued", "in_progress"}


async def _in_the_second_round(
    client: httpx.AsyncClient, place: Town, gateway: Process, body: dict[str, Any] = BACKGROUND
) -> str:
    """Begin a refinement, and return its id when its draft is reviewed and its revision being written."""
    job_id: str = (await client.post(f"{gateway.url}/refine", json=body)).json()["id"]
    place.generator.let(1)
    await _document(client, f"{gateway.url}/refine/{job_id}", lambda document: bool(document["rounds"]))
    await _until(lambda: place.generator.calls == 2 and place.generator.working == 1)
    return job_id


def _is_whole(events: list[Event]) -> None:
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.name for event in events].count("refinement.completed") == 1
    assert events[-1].name == "refinement.completed"


async def test_a_killed_gateways_refinement_is_finished_by_the_other_from_its_last_round(
    redis: RedisServer, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    async with town(tmp_path, redis.url, lease_s=4, timeout_s=5) as place:
        first = await place.gateway()
        job_id = await _in_the_second_round(client, place, first)
        second = await place.gateway()
        seen = (await client.get(f"{second.url}/refine/{job_id}")).json()

        first.kill()
        place.generator.let(ALL)
        url = f"{second.url}/refine/{job_id}"
        whole = await _document(client, url, _finished)
        events = events_of((await client.get(f"{url}/events")).text)

    assert [a_round["solution"] for a_round in seen["rounds"]] == [WRONG]
    assert (whole["status"], whole["stop_reason"]) == ("completed", "judged_correct")
    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]
    assert whole["rounds"][0] == seen["rounds"][0]
    # The draft, the revision that died, and the revision once more: the draft was not written again.
    assert place.generator.calls == 3
    assert place.critic.calls == 2
    _is_whole(events)
    resumed = [event.data["rounds"] for event in events if event.name == "refinement.resumed"]
    assert resumed == [[{"candidate": 0, "round": 0}]]


async def test_a_client_goes_on_at_the_other_gateway_after_its_last_event(
    redis: RedisServer, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    async with town(tmp_path, redis.url, lease_s=4, timeout_s=5) as place:
        first = await place.gateway()
        pieces: list[str] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(_hear(client, first, pieces))
            place.generator.let(1)
            await _until(lambda: "critique.completed" in "".join(pieces) and place.generator.calls == 2)
            second = await place.gateway()
            first.kill()
        before = events_of("".join(pieces).rpartition("\n\n")[0])
        place.generator.let(ALL)
        rest = events_of(
            (
                await client.get(
                    f"{second.url}/refine/{before[0].data['id']}/events",
                    headers={"Last-Event-ID": str(before[-1].id)},
                )
            ).text
        )

    _is_whole([event for event in before + rest if event.name != "heartbeat"])


async def _hear(client: httpx.AsyncClient, gateway: Process, pieces: list[str]) -> None:
    """Read a stream until its gateway dies."""
    body = BACKGROUND | {"stream": True}
    with contextlib.suppress(httpx.HTTPError):
        async with client.stream("POST", f"{gateway.url}/refine", json=body) as response:
            async for piece in response.aiter_text():
                pieces.append(piece)  # noqa: PERF401 - heard one by one, up to the last before the kill


async def test_a_client_at_the_other_gateway_reads_along(
    redis: RedisServer, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    async with town(tmp_path, redis.url, timeout_s=5) as place:
        first = await place.gateway()
        job_id = await _in_the_second_round(client, place, first)
        unread = place.critic.streams_begun
        second = await place.gateway()
        async with client.stream("GET", f"{second.url}/refine/{job_id}/events") as following:
            pieces = following.aiter_text()
            text = await anext(pieces)
            await asyncio.sleep(1)  # ten times as long as the first gateway takes to hear of it
            place.generator.let(ALL)
            text += "".join([piece async for piece in pieces])

    assert (unread, place.critic.streams_begun) == (0, 1)
    _is_whole([event for event in events_of(text) if event.name != "heartbeat"])


async def test_a_refinement_is_cancelled_at_any_gateway(
    redis: RedisServer, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    async with town(tmp_path, redis.url, timeout_s=5) as place:
        first = await place.gateway()
        job_id = await _in_the_second_round(client, place, first)
        second = await place.gateway()

        answer = await client.delete(f"{second.url}/refine/{job_id}")
        await asyncio.wait_for(place.servers["generator"].hung_up.wait(), 30)
        document = (await client.get(f"{first.url}/refine/{job_id}")).json()

    assert answer.status_code == 202
    assert document["status"] == "cancelled"


async def test_a_key_is_one_refinement_for_both_gateways(
    redis: RedisServer, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    async with town(tmp_path, redis.url, timeout_s=5) as place:
        gateways = [await place.gateway(), await place.gateway()]
        async with asyncio.TaskGroup() as group:
            posts = [
                group.create_task(
                    client.post(
                        f"{gateways[number % 2].url}/refine", json=ASK, headers={"Idempotency-Key": "k"}
                    )
                )
                for number in range(50)
            ]
            await _until(lambda: place.generator.working == 1)
            place.generator.let(ALL)
        answers = [post.result() for post in posts]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert place.generator.calls == 2


async def test_a_gateway_that_is_told_to_stop_hands_its_work_over_at_once(
    redis: RedisServer, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    """The lease is far longer than the test: only a lease that was given back can be taken."""
    async with town(tmp_path, redis.url, lease_s=600, timeout_s=5, drain_s=2) as place:
        first = await place.gateway()
        job_id = await _in_the_second_round(client, place, first)
        second = await place.gateway()
        streaming = asyncio.create_task(client.get(f"{first.url}/refine/{job_id}/events"))
        await asyncio.sleep(0.3)

        first.terminate()
        ready = await _unready(client, first)
        events = events_of((await streaming).text)
        status = await first.ended()
        place.generator.let(ALL)
        url = f"{second.url}/refine/{job_id}"
        whole = await _document(client, url, _finished)
        rest = events_of((await client.get(f"{second.url}{events[-1].data['events']}")).text)

    assert ready["status"] == "stopping"
    assert status == 0
    assert events[-1].name == "refinement.interrupted"
    assert events[-1].data["resumable"] is True
    assert whole["status"] == "completed"
    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]
    _is_whole([event for event in events[:-1] + rest if event.name != "heartbeat"])


async def _unready(client: httpx.AsyncClient, gateway: Process) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            answer = await client.get(f"{gateway.url}/ready")
            body: dict[str, Any] = answer.json()
            if body["status"] == "stopping":
                assert answer.status_code == 503
                return body
            await asyncio.sleep(0.05)


async def test_no_accepted_refinement_is_lost_or_done_twice_when_a_gateway_is_killed(
    redis: RedisServer, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    async with town(tmp_path, redis.url, lease_s=4, timeout_s=5, max_background=10) as place:
        first, second = await place.gateway(), await place.gateway()
        # Each its own problem: equal calls that are not sampled would be made once.
        bodies = [BACKGROUND | {"problem": f"Add one to number {number}."} for number in range(20)]
        handles = [await client.post(f"{first.url}/refine", json=body) for body in bodies]
        await _until(lambda: place.generator.working == 20)
        place.generator.let(10)
        await _until(lambda: place.generator.calls == 30)
        first.kill()
        place.generator.let(ALL)
        done = [
            await _document(client, f"{second.url}{handle.headers['location']}", _finished)
            for handle in handles
        ]
        logs = [events_of((await client.get(f"{second.url}/refine/{one['id']}/events")).text) for one in done]

    assert {one["status"] for one in done} == {"completed"}
    for events in logs:
        _is_whole(events)
    assert {len(one["rounds"]) for one in done} == {2}
