"""A part that fails puts off what was accepted in the background; it is neither lost nor failed for that."""

import asyncio

import pytest

from service.adapters.store import MemoryStore
from service.api.jobs.setback import SETBACKS
from service.domain.errors import CriticError, GeneratorError, OverloadedError, SandboxError, ServiceError
from service.services import Bounds
from service.store import JobStatus
from tests.fakes import ScriptedGenerator, ScriptedSandbox, verdict_of
from tests.unit.api.jobs.waiting import finished, with_rounds
from tests.unit.api.world import RIGHT, TESTS, WRONG, World, client_of, events_of, until

ASK = {"problem": "Add one.", "entry_point": "f", "background": True}


async def _put_off(world: World, job_id: str) -> None:
    async with asyncio.timeout(20):
        while True:
            log = await world.store.log(job_id, 0)
            if log is not None and log.status is JobStatus.QUEUED and len(log.entries) > 1:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("away", "problem"),
    [(GeneratorError("no answer"), "generator-failed"), (OverloadedError("256 are waiting"), "overloaded")],
)
async def test_a_job_goes_on_after_its_last_round_when_the_part_is_back(
    away: ServiceError, problem: str
) -> None:
    world = World(generator=ScriptedGenerator([WRONG, "", RIGHT], fault=away, fault_at=1))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        whole = await finished(client, job_id)
        events = events_of((await client.get(f"/refine/{job_id}/events")).text)

    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]
    assert world.generator.calls == 3
    names = [event.name for event in events]
    assert names.index("refinement.postponed") < names.index("refinement.resumed")
    (put_off,) = (event.data for event in events if event.name == "refinement.postponed")
    assert put_off["problem"]["type"] == f"/problems/{problem}"
    assert put_off["again_s"] > 0
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert world.metric('ctrl_refinements_total{stop_reason="failed"}') == 0
    assert world.metric('ctrl_refinements_total{stop_reason="judged_correct"}') == 1
    assert world.metric("ctrl_jobs_ended_total") == 1


async def test_a_sandbox_that_was_away_is_asked_again_and_no_verdict_is_made_up() -> None:
    sandbox = ScriptedSandbox({RIGHT: verdict_of(1, 1)}, fault=SandboxError("gone"))
    # The draft's round was cut: it is written again.
    world = World(sandbox=sandbox, generator=ScriptedGenerator([WRONG, WRONG, RIGHT]))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK | {"tests": TESTS})).json()["id"]
        await until(lambda: sandbox.codes_seen)
        sandbox.fault = None
        whole = await finished(client, job_id)

    assert [a_round["verdict"]["passed"] for a_round in whole["rounds"]] == [0, 1]


async def test_what_was_put_off_is_streamed_in_case_it_is_only_slow() -> None:
    world = World()
    world.critic.fault = CriticError("no answer within 300 s")
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        await until(lambda: world.critic.samplings)
        world.critic.fault = None
        whole = await finished(client, job_id)

    assert whole["status"] == "completed"
    assert world.critic.streams_begun == 2


async def test_while_it_is_put_off_a_job_can_be_cancelled() -> None:
    world = World()
    world.critic.fault = CriticError("gone")
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=ASK)).json()["id"]
        await _put_off(world, job_id)
        was = await client.delete(f"/refine/{job_id}")
        document = (await client.get(f"/refine/{job_id}")).json()

    assert was.status_code == 200
    assert document["status"] == "cancelled"


async def test_who_waits_is_told_of_a_failure_at_once() -> None:
    world = World(generator=ScriptedGenerator([""], fault=GeneratorError("gone")))
    async with client_of(world.app()) as client:
        answer = await client.post(
            "/refine", json=ASK | {"background": False}, headers={"Idempotency-Key": "k"}
        )

    assert answer.status_code == 502


async def test_who_took_a_handle_instead_of_waiting_loses_nothing() -> None:
    world = World(generator=ScriptedGenerator([WRONG, "", RIGHT], fault=GeneratorError("gone"), fault_at=1))
    going_on = asyncio.Event()
    world.generator.before = going_on.wait
    async with client_of(world.app()) as client:
        handle = await client.post("/refine", json=ASK | {"background": False}, headers={"Prefer": "wait=0"})
        going_on.set()
        whole = await finished(client, handle.json()["id"])

    assert handle.status_code == 202
    assert whole["solution"] == RIGHT


async def _put_off_as_often_as_may_be(kept: MemoryStore) -> str:
    """Return a job with one round that has been put off since then."""
    world = World(store=kept, generator=ScriptedGenerator([WRONG], hangs_at=1))
    async with client_of(world.app()) as client:
        job_id: str = (await client.post("/refine", json=ASK)).json()["id"]
        await with_rounds(client, job_id, 1)
    for _ in range(SETBACKS):
        lease = await kept.take()
        assert lease is not None
        await kept.release(lease, 0.0)
    return job_id


async def test_after_another_round_a_job_may_be_put_off_again() -> None:
    kept = MemoryStore()
    job_id = await _put_off_as_often_as_may_be(kept)
    world = World(store=kept)
    world.generator = ScriptedGenerator([WRONG, "", RIGHT], fault=GeneratorError("gone"), fault_at=1)

    async with client_of(world.app()) as client:
        whole = await finished(client, job_id)

    assert (whole["status"], whole["solution"]) == ("completed", RIGHT)


async def test_a_part_that_stays_away_ends_a_job_at_last_with_its_rounds() -> None:
    kept = MemoryStore()
    job_id = await _put_off_as_often_as_may_be(kept)
    broken = ScriptedGenerator([""], fault=GeneratorError("gone"))

    async with client_of(World(store=kept, generator=broken, bounds=Bounds()).app()) as client:
        document = await finished(client, job_id)

    assert document["status"] == "failed"
    assert document["problem"]["type"] == "/problems/generator-failed"
    assert [a_round["solution"] for a_round in document["rounds"]] == [WRONG]
