"""A request with a key is carried out once, however often it is sent."""

import asyncio
from typing import Any

import httpx
import pytest

from service.domain.errors import GeneratorError
from tests.fakes import ScriptedGenerator
from tests.unit.api.jobs.waiting import finished
from tests.unit.api.world import RIGHT, WRONG, Call, World, client_of, events_of, until

ASK: dict[str, Any] = {"problem": "Add one.", "entry_point": "f"}
KEY = {"Idempotency-Key": "k-1"}


async def _post(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await client.post("/refine", json=ASK | changes, headers=KEY)


async def test_the_same_request_gets_the_same_result_and_the_work_is_done_once() -> None:
    world = World()
    async with client_of(world.app()) as client:
        first, again = await _post(client), await _post(client)

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["solution"] == RIGHT
    assert first.headers["location"] == f"/refine/{first.json()['id']}"
    assert world.generator.calls == 2
    assert world.gate.inflight == 0


@pytest.mark.parametrize("background", [False, True])
async def test_fifty_at_once_are_one_refinement(background: bool) -> None:
    world = World()
    async with client_of(world.app()) as client:
        async with asyncio.TaskGroup() as group:
            posts = [group.create_task(_post(client, background=background)) for _ in range(50)]
        answers = [post.result() for post in posts]
        ids = {answer.json()["id"] for answer in answers}
        assert len(ids) == 1
        whole = await finished(client, ids.pop())

    assert {answer.status_code for answer in answers} <= {200, 202}
    assert whole["status"] == "completed"
    assert world.generator.calls == 2


async def test_spelling_out_a_default_is_no_other_request() -> None:
    world = World()
    async with client_of(world.app()) as client:
        answers = [await _post(client), await _post(client, candidates=1, rounds=None, tests=None)]

    assert answers[0].json() == answers[1].json()


async def test_another_body_with_the_same_key_is_refused() -> None:
    world = World()
    async with client_of(world.app()) as client:
        await _post(client)
        refusal = await _post(client, rounds=1)

    assert refusal.status_code == 422
    assert refusal.json()["errors"][0]["field"] == "Idempotency-Key"
    assert world.generator.calls == 2


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb"])
async def test_a_key_that_is_none_is_refused(key: str) -> None:
    async with client_of(World().app()) as client:
        refusal = await client.post("/refine", json=ASK, headers={"Idempotency-Key": key})

    assert refusal.status_code == 422
    assert refusal.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_without_a_key_the_same_request_is_carried_out_again() -> None:
    world = World(generator=ScriptedGenerator([WRONG, RIGHT, WRONG, RIGHT]))
    async with client_of(world.app()) as client:
        ids = {(await client.post("/refine", json=ASK)).json()["id"] for _ in range(2)}

    assert len(ids) == 2


async def test_a_failure_is_answered_as_ever_and_is_not_kept_for_the_next_try() -> None:
    world = World(generator=ScriptedGenerator([RIGHT], fault=GeneratorError("gone"), fault_at=0))
    async with client_of(world.app()) as client:
        failed, again = await _post(client), await _post(client)

    assert failed.status_code == 502
    assert failed.headers["content-type"] == "application/problem+json"
    assert failed.json()["type"] == "/problems/generator-failed"
    assert again.status_code == 200


async def test_a_stream_with_a_key_can_be_had_again() -> None:
    async with client_of(World().app()) as client:
        first, again = await _post(client, stream=True), await _post(client, stream=True)

    assert first.text == again.text
    assert events_of(first.text)[-1].name == "refinement.completed"


@pytest.mark.parametrize("stream", [False, True])
async def test_the_work_ends_with_the_last_client_that_waits_for_it(stream: bool) -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))
    app = world.app()
    calls = [Call(app, "/refine", ASK | {"stream": stream}, headers=KEY) for _ in range(2)]
    async with client_of(app), asyncio.TaskGroup() as group:
        running = [group.create_task(call.run()) for call in calls]
        await until(lambda: world.generator.in_flight == 1)
        calls[0].leave()
        await asyncio.wait_for(running[0], 30)
        await asyncio.sleep(0.2)
        still = world.generator.in_flight
        calls[1].leave()
        await until(lambda: world.generator.in_flight == 0)
        await until(lambda: world.gate.inflight == 0)

    assert still == 1
    assert world.generator.calls == 1


async def test_what_nobody_waited_for_is_begun_anew() -> None:
    world = World(generator=ScriptedGenerator([WRONG, WRONG, RIGHT], hangs_at=0))
    app = world.app()
    call = Call(app, "/refine", ASK, headers=KEY)
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        running = group.create_task(call.run())
        await until(lambda: world.generator.in_flight == 1)
        call.leave()
        await asyncio.wait_for(running, 30)
        answer = await _post(client)

    assert answer.status_code == 200
    assert answer.json()["solution"] == RIGHT


async def test_a_full_service_refuses_new_work_with_a_key_too() -> None:
    world = World(max_inflight=1)
    async with client_of(world.app()) as client:
        with world.gate.admit():
            refused = await _post(client)

    assert refused.status_code == 503
    assert world.generator.calls == 0


async def test_who_waits_for_what_is_cancelled_elsewhere_is_told_as_the_handle_tells_it() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=1))
    async with client_of(world.app()) as client, asyncio.TaskGroup() as group:
        waiting = group.create_task(_post(client))
        await until(lambda: world.generator.calls == 2)
        handed = await client.post("/refine", json=ASK, headers=KEY | {"Prefer": "wait=0"})
        await client.delete(handed.headers["location"])
        told = await asyncio.wait_for(waiting, 30)
        document = (await client.get(handed.headers["location"])).json()

    assert told.json() == document
    assert (told.status_code, document["object"], document["status"]) == (200, "refinement", "cancelled")
