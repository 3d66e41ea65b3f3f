"""A refinement in the background: a handle at once, the work by itself, the result as long as it is kept."""

import asyncio
import re

from service.domain.errors import GeneratorError
from service.services import Bounds
from tests.fakes import ScriptedGenerator, lasting
from tests.unit.api.jobs.waiting import finished, with_rounds
from tests.unit.api.world import RIGHT, WRONG, Call, World, client_of, events_of, until

ASK = {"problem": "Add one.", "entry_point": "f", "background": True}
UNKNOWN = "rf_" + "0" * 32


async def test_a_handle_is_given_at_once_and_the_result_is_fetched_with_it() -> None:
    world = World()
    async with client_of(world.app()) as client:
        handle = await client.post("/refine", json=ASK | {"metadata": {"job": "7"}})
        whole = await finished(client, handle.json()["id"])

    assert handle.status_code == 202
    document = handle.json()
    assert re.fullmatch(r"rf_[0-9a-f]{32}", document["id"])
    assert handle.headers["location"] == f"/refine/{document['id']}"
    assert (document["object"], document["status"]) == ("refinement", "queued")
    assert (document["rounds"], document["metadata"]) == ([], {"job": "7"})
    assert (whole["id"], whole["status"], whole["solution"]) == (document["id"], "completed", RIGHT)
    assert (whole["stop_reason"], whole["metadata"]) == ("judged_correct", {"job": "7"})
    assert whole["created"] == document["created"]
    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]


async def test_the_result_is_the_one_that_a_waiting_client_would_have_got() -> None:
    async with client_of(World().app()) as client:
        waited = (await client.post("/refine", json=ASK | {"background": False})).json()
    async with client_of(World().app()) as client:
        fetched = await finished(client, (await client.post("/refine", json=ASK)).json()["id"])

    for timeless in (waited, fetched):
        for part in (timeless, *timeless["rounds"]):
            part.pop("seconds")
        timeless.pop("id")
        timeless.pop("created")
    assert fetched == waited


async def test_while_it_runs_its_finished_rounds_are_told() -> None:
    world = World(generator=ScriptedGenerator([WRONG, RIGHT], hangs_at=1))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        document = await with_rounds(client, job_id, 1)

    assert document["status"] == "in_progress"
    assert [a_round["solution"] for a_round in document["rounds"]] == [WRONG]


async def test_a_failure_is_kept_as_a_problem_of_a_refinement_that_is_there() -> None:
    fault = lasting(GeneratorError("the generator is gone"))
    world = World(generator=ScriptedGenerator([""], fault=fault))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        document = await finished(client, job_id)
        status = (await client.get(f"/refine/{job_id}")).status_code

    assert status == 200
    assert document["status"] == "failed"
    assert document["problem"]["type"] == "/problems/generator-failed"
    assert document["problem"]["status"] == 502
    assert document["problem"]["instance"] == f"/refine/{job_id}"


async def test_what_cannot_be_done_is_refused_before_there_is_a_job() -> None:
    world = World()
    async with client_of(world.app()) as client:
        refusals = [
            await client.post("/refine", json=ASK | wrong)
            for wrong in ({"stop": "tests_passed"}, {"generator": "nobody"}, {"problem": " "})
        ]

    assert [refusal.status_code for refusal in refusals] == [422] * 3
    assert await world.store.waiting() == 0
    assert world.generator.calls == 0


async def test_a_stranger_is_not_found() -> None:
    async with client_of(World().app()) as client:
        answers = [
            await client.request(method, f"/refine/{job_id}{path}")
            for job_id in (UNKNOWN, "rf_1", "x" * 64)
            for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", ""))
        ]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["type"] for answer in answers} == {"/problems/not-found"}


async def test_only_so_many_are_at_work_and_the_others_wait_their_turn() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), bounds=Bounds(max_background=1))
    async with client_of(world.app()) as client:
        first, second = [(await client.post("/refine", json=ASK)).json()["id"] for _ in range(2)]
        await until(lambda: world.generator.in_flight == 1)
        await asyncio.sleep(0.2)
        statuses = [(await client.get(f"/refine/{job_id}")).json()["status"] for job_id in (first, second)]
        await client.delete(f"/refine/{first}")
        after = await finished(client, second)

    assert statuses == ["in_progress", "queued"]
    assert after["status"] == "completed"


async def test_the_background_holds_no_place_of_those_who_wait() -> None:
    world = World(generator=ScriptedGenerator([WRONG, RIGHT], hangs_at=0), max_inflight=1)
    async with client_of(world.app()) as client:
        await client.post("/refine", json=ASK)
        await until(lambda: world.generator.in_flight == 1)
        answer = await client.post("/refine", json=ASK | {"background": False})

    assert answer.status_code == 200


async def test_cancelling_stops_the_work_and_says_so() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=1))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        await until(lambda: world.generator.in_flight == 1 and world.generator.calls == 2)
        await with_rounds(client, job_id, 1)
        cancelled = await client.delete(f"/refine/{job_id}")
        await until(lambda: world.generator.in_flight == 0)
        document = (await client.get(f"/refine/{job_id}")).json()
        again = await client.delete(f"/refine/{job_id}")
        events = events_of((await client.get(f"/refine/{job_id}/events")).text)

    assert (cancelled.status_code, again.status_code) == (202, 200)
    assert cancelled.json()["status"] == again.json()["status"] == document["status"] == "cancelled"
    assert document["stop_reason"] == "cancelled"
    assert [a_round["solution"] for a_round in document["rounds"]] == [WRONG]
    assert events[-1].name == "refinement.cancelled"
    assert world.metric('ctrl_refinements_total{stop_reason="cancelled"}') == 1


async def test_cancelling_what_waits_never_begins_it() -> None:
    world = World(bounds=Bounds(max_background=0))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        cancelled = await client.delete(f"/refine/{job_id}")

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert await world.store.take() is None


async def test_cancelling_what_is_completed_leaves_it_as_it_is() -> None:
    async with client_of(World().app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        whole = await finished(client, job_id)
        late = await client.delete(f"/refine/{job_id}")

    assert late.status_code == 200
    assert late.json() == whole


async def test_a_stream_in_the_background_survives_its_client() -> None:
    world = World(generator=ScriptedGenerator([WRONG, RIGHT], hangs_at=None))
    gate = asyncio.Event()
    world.generator.before = gate.wait
    app = world.app()
    call = Call(app, "/refine", ASK | {"stream": True})
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        running = group.create_task(call.run())
        await until(lambda: world.generator.in_flight == 1)
        call.leave()
        await asyncio.wait_for(running, 30)
        gate.set()
        location = dict(call.sent[0]["headers"])[b"location"].decode()
        whole = await finished(client, location.rpartition("/")[2])

    assert whole["solution"] == RIGHT


async def test_waiting_work_is_counted() -> None:
    world = World(bounds=Bounds(max_background=0))
    async with client_of(world.app()) as client:
        for _ in range(3):
            await client.post("/refine", json=ASK)
        await until(lambda: world.metric("ctrl_queue_depth") == 3)


async def test_work_in_the_background_is_counted_while_it_lasts() -> None:
    gate = asyncio.Event()
    world = World(bounds=Bounds(max_background=2))
    world.generator.before = gate.wait
    async with client_of(world.app()) as client:
        for _ in range(3):
            await client.post("/refine", json=ASK)
        await until(lambda: world.metric("ctrl_jobs_at_work") == 2)
        gate.set()
        await until(lambda: world.metric("ctrl_jobs_ended_total") == 3)
        await until(lambda: world.metric("ctrl_jobs_at_work") == 0)


async def test_the_process_leaves_no_task_behind() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))
    async with client_of(world.app()) as client:
        await client.post("/refine", json=ASK)
        await until(lambda: world.generator.in_flight == 1)

    assert world.generator.in_flight == 0
    assert len(asyncio.all_tasks()) == 1


async def test_what_was_asked_for_is_told_with_the_defaults_of_then() -> None:
    async with client_of(World().app()) as client:
        ask = ASK | {"tests": [{"assert": "assert f(1) == 2"}], "metadata": {"job": "7"}}
        job_id = (await client.post("/refine", json=ask)).json()["id"]
        told = (await client.get(f"/refine/{job_id}/request")).json()
        again = await client.post("/refine", json=told)

    assert {name: told[name] for name in ask} == ask
    assert (told["generator"], told["critic"], told["rounds"]) == ("mini-generator", "mini-critic", 3)
    assert again.status_code == 202
