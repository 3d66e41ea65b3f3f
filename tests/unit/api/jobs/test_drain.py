"""A gateway that stops takes nothing new, ends what it can, and leaves the rest where others find it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.adapters.store import MemoryStore
from service.api.drain import Drain
from service.services import Bounds
from service.store import JobStatus
from tests.fakes import FakeChatModel, ScriptedGenerator
from tests.unit.api.jobs.faulty_store import FaultyStore
from tests.unit.api.jobs.waiting import finished
from tests.unit.api.world import RIGHT, WRONG, Call, World, client_of, events_of, until

ASK: dict[str, Any] = {"problem": "Add one.", "entry_point": "f"}
BACKGROUND = ASK | {"background": True}
SOON, NEVER = 0.05, 60.0


def _begin(app: FastAPI, drain_s: float) -> None:
    drain = app.state.drain
    assert isinstance(drain, Drain)
    drain.begin(drain_s)


def _told(call: Call) -> Any:
    return events_of(b"".join(message.get("body", b"") for message in call.sent).decode())


@asynccontextmanager
async def _heir(kept: MemoryStore) -> AsyncGenerator[httpx.AsyncClient, None]:
    """Run another gateway on the same store, whose generator is right at once."""
    world = World(store=kept, generator=ScriptedGenerator([RIGHT]))
    world.critic.answers = 1
    async with client_of(world.app()) as client:
        yield client


async def test_nothing_new_is_let_in_and_every_door_says_so() -> None:
    world = World(store=FaultyStore().as_store())
    app = world.app()
    async with client_of(app) as client:
        _begin(app, NEVER)
        refused = [
            await client.post("/refine", json=ASK),
            await client.post("/refine", json=ASK, headers={"Idempotency-Key": "k"}),
            await client.post("/refine", json=BACKGROUND),
            await client.post("/judge", json={"problem": "p", "solutions": ["x"]}),
        ]
        live, ready = await client.get("/health"), await client.get("/ready")

    assert {answer.status_code for answer in refused} == {503}
    assert all(answer.headers["retry-after"] for answer in refused)
    assert live.status_code == 200
    assert (ready.status_code, ready.json()["status"]) == (503, "stopping")


async def test_work_in_flight_may_end() -> None:
    world, gate = World(), asyncio.Event()
    world.generator.before = gate.wait
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(client.post("/refine", json=ASK))
        await until(lambda: world.generator.in_flight == 1)
        _begin(app, NEVER)
        gate.set()

    assert asking.result().status_code == 200


async def test_a_client_that_still_waits_at_the_end_is_sent_elsewhere() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(client.post("/refine", json=ASK))
        await until(lambda: world.generator.in_flight == 1)
        _begin(app, SOON)

    assert asking.result().status_code == 503
    assert asking.result().json()["type"] == "/problems/overloaded"
    assert world.generator.in_flight == 0


async def test_a_stream_that_is_cut_goes_on_at_another_gateway_after_its_last_event() -> None:
    kept = MemoryStore()
    world = World(store=FaultyStore(kept).as_store(), generator=ScriptedGenerator([WRONG], hangs_at=1))
    app = world.app()
    call = Call(app, "/refine", ASK | {"stream": True})
    async with client_of(app), asyncio.TaskGroup() as group:
        group.create_task(call.run())
        await until(lambda: world.generator.calls == 2)
        await until(lambda: _told(call)[-1].name == "round.started")
        _begin(app, SOON)

    before = _told(call)
    last = before[-1]
    assert last.name == "refinement.interrupted"
    assert last.data["id"] == before[0].data["id"]
    assert (last.data["last_event_id"], last.data["resumable"]) == (last.id, True)
    assert last.id == len(before) - 1
    async with _heir(kept) as client:
        rest = events_of((await client.get(last.data["events"])).text)
    assert [event.id for event in rest] == list(range(last.id + 1, last.id + 1 + len(rest)))
    assert rest[0].name == "refinement.resumed"
    assert rest[0].data["rounds"] == [{"candidate": 0, "round": 0}]
    assert [event.data["round"] for event in rest if event.name == "solution.completed"] == [1]
    assert rest[-1].name == "refinement.completed"
    assert [a_round["solution"] for a_round in rest[-1].data["rounds"]] == [WRONG, RIGHT]


@pytest.mark.parametrize("faulty", [FaultyStore(shared=False), FaultyStore(down=True)])
async def test_a_stream_that_nobody_can_go_on_with_says_so(faulty: FaultyStore) -> None:
    world = World(store=faulty.as_store(), generator=ScriptedGenerator([WRONG], hangs_at=0))
    app = world.app()
    call = Call(app, "/refine", ASK | {"stream": True})
    async with client_of(app), asyncio.TaskGroup() as group:
        group.create_task(call.run())
        await until(lambda: world.generator.in_flight == 1)
        _begin(app, SOON)

    last = _told(call)[-1]
    assert (last.name, last.data["resumable"]) == ("refinement.interrupted", False)
    assert "events" not in last.data


async def test_a_job_is_handed_over_when_its_round_is_finished() -> None:
    kept, gate = MemoryStore(), asyncio.Event()
    world = World(store=FaultyStore(kept).as_store())
    world.generator.before = gate.wait
    app = world.app()
    async with client_of(app) as client:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        await until(lambda: world.generator.in_flight == 1)
        _begin(app, NEVER)
        gate.set()
        await until(lambda: not app.state.desk.runs)
        job = await kept.job(job_id)
        assert job is not None
        assert (job.status, list(job.rounds)) == (JobStatus.QUEUED, ["0:0"])
    async with _heir(kept) as other:
        whole = await finished(other, job_id)

    assert world.generator.in_flight == 0
    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]


async def test_a_job_that_takes_too_long_is_handed_over_unfinished() -> None:
    kept = MemoryStore()
    world = World(store=FaultyStore(kept).as_store(), generator=ScriptedGenerator([WRONG], hangs_at=1))
    app = world.app()
    call = Call(app, "/refine", BACKGROUND | {"stream": True})
    async with client_of(app), asyncio.TaskGroup() as group:
        group.create_task(call.run())
        await until(lambda: world.generator.calls == 2)
        _begin(app, SOON)
        await until(lambda: not app.state.desk.runs)

    last = _told(call)[-1]
    assert (last.name, last.data["resumable"]) == ("refinement.interrupted", True)
    assert world.generator.in_flight == 0
    async with _heir(kept) as client:
        rest = events_of((await client.get(last.data["events"])).text)
    assert rest[-1].name == "refinement.completed"


async def test_a_lease_is_given_back_even_without_a_drain() -> None:
    """A process that is told to stop at once still has a moment."""
    kept = MemoryStore()
    world = World(store=kept, generator=ScriptedGenerator([WRONG], hangs_at=0))
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        await until(lambda: world.generator.in_flight == 1)

    lease = await kept.take()
    assert lease is not None
    assert (lease.job.id, lease.crashes) == (job_id, 0)


async def test_without_others_a_job_is_worked_at_until_the_end() -> None:
    world, gate = World(), asyncio.Event()
    world.generator.before = gate.wait
    app = world.app()
    async with client_of(app) as client:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        await until(lambda: world.generator.in_flight == 1)
        _begin(app, NEVER)
        gate.set()
        whole = await finished(client, job_id)

    assert whole["solution"] == RIGHT


async def test_whoever_follows_a_job_is_told_when_it_leaves_and_not_before() -> None:
    kept, gate = MemoryStore(), asyncio.Event()
    world = World(
        store=FaultyStore(kept).as_store(),
        critic=FakeChatModel(["no judgment"]),
        bounds=Bounds(default_rounds=2),
    )
    world.generator.before = gate.wait
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        await until(lambda: world.generator.in_flight == 1)
        following = group.create_task(client.get(f"/refine/{job_id}/events"))
        _begin(app, NEVER)
        await asyncio.sleep(0.2)
        gate.set()

    events = events_of(following.result().text)
    assert [event.name for event in events if not event.name.endswith("delta")] == [
        "refinement.created",
        "round.started",
        "solution.completed",
        "critique.completed",
        "refinement.interrupted",
    ]


async def test_whoever_comes_back_with_the_key_finds_the_work_as_it_was_left() -> None:
    kept = MemoryStore()
    world = World(store=FaultyStore(kept).as_store(), generator=ScriptedGenerator([WRONG], hangs_at=1))
    app, key = world.app(), {"Idempotency-Key": "k"}
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(client.post("/refine", json=ASK, headers=key))
        await until(lambda: world.generator.calls == 2)
        _begin(app, SOON)
    async with _heir(kept) as other:
        again = await other.post("/refine", json=ASK, headers=key)

    assert asking.result().status_code == 503
    assert again.status_code == 200
    assert [a_round["solution"] for a_round in again.json()["rounds"]] == [WRONG, RIGHT]


async def test_a_client_that_takes_a_handle_is_given_one_when_it_cannot_be_waited_for() -> None:
    kept = MemoryStore()
    world = World(store=FaultyStore(kept).as_store(), generator=ScriptedGenerator([WRONG], hangs_at=1))
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(client.post("/refine", json=ASK, headers={"Prefer": "wait=60"}))
        await until(lambda: world.generator.calls == 2)
        _begin(app, SOON)
    async with _heir(kept) as other:
        whole = await finished(other, asking.result().json()["id"])

    assert asking.result().status_code == 202
    assert whole["solution"] == RIGHT


async def test_whoever_follows_what_is_worked_at_elsewhere_is_sent_there_at_once() -> None:
    world = World(store=FaultyStore().as_store(), bounds=Bounds(max_background=0))
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        following = group.create_task(client.get(f"/refine/{job_id}/events"))
        await until(lambda: not app.state.desk.is_idle)
        _begin(app, NEVER)
        await asyncio.wait_for(following, 30)

    assert events_of(following.result().text)[-1].name == "refinement.interrupted"


async def test_what_was_left_to_others_is_not_counted_as_ended() -> None:
    world = World(store=FaultyStore().as_store(), generator=ScriptedGenerator([WRONG], hangs_at=0))
    app = world.app()
    async with client_of(app) as client:
        await client.post("/refine", json=BACKGROUND)
        await until(lambda: world.generator.in_flight == 1)
        _begin(app, SOON)
        await until(lambda: not app.state.desk.runs)

    assert world.metric('ctrl_refinements_total{stop_reason="cancelled"}') == 0
