"""A store that is away costs promises, not work; one that comes back is used again, one that forgot, told."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from service.adapters.store import MemoryStore
from service.adapters.store.bounds import StoreBounds
from service.services import Bounds
from tests.fakes import ScriptedGenerator
from tests.unit.api.jobs.faulty_store import FaultyStore
from tests.unit.api.jobs.waiting import finished, with_rounds
from tests.unit.api.world import RIGHT, WRONG, World, client_of, events_of, until

ASK: dict[str, Any] = {"problem": "Add one.", "entry_point": "f"}
BACKGROUND = ASK | {"background": True}
KEY = {"Idempotency-Key": "k"}


def _world(store: FaultyStore, **parts: Any) -> World:
    return World(store=store.as_store(), **parts)


async def test_without_the_store_there_is_no_background_and_it_is_said_when_to_try_again() -> None:
    async with client_of(_world(FaultyStore(down=True)).app()) as client:
        answers = [
            await client.post("/refine", json=BACKGROUND),
            await client.post("/refine", json=BACKGROUND | {"stream": True}),
            await client.get("/refine/rf_1"),
            await client.get("/refine/rf_1/events"),
            await client.delete("/refine/rf_1"),
        ]

    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/store-failed"
        assert answer.headers["retry-after"]


async def test_a_store_that_stays_away_is_told_of_once_and_its_return_too(
    log: list[MutableMapping[str, Any]],
) -> None:
    """Twice a second the log said that it was away, and that it was back: there was nothing to ask it."""
    store = FaultyStore(down=True)
    async with client_of(_world(store).app()):
        await until(lambda: store.refused >= 4)
        store.down = False
        await until(lambda: "store_reachable" in [entry["event"] for entry in log])

    told = [entry["event"] for entry in log if entry["event"].startswith("store_")]
    assert told == ["store_unreachable", "store_reachable"]


@pytest.mark.parametrize("headers", [{}, KEY, {"Prefer": "wait=0"}])
@pytest.mark.parametrize("stream", [False, True])
async def test_without_the_store_the_foreground_is_served(headers: dict[str, str], stream: bool) -> None:
    world = _world(FaultyStore(down=True))
    async with client_of(world.app()) as client:
        answer = await client.post("/refine", json=ASK | {"stream": stream}, headers=headers)

    assert answer.status_code == 200
    whole = events_of(answer.text)[-1].data if stream else answer.json()
    assert whole["solution"] == RIGHT


@pytest.mark.parametrize(("background", "status"), [(False, 200), (True, 503)])
async def test_a_job_that_was_created_unheard_does_not_run_for_nobody(background: bool, status: int) -> None:
    store = FaultyStore(creates_unheard=1)
    headers = {} if background else KEY
    # Nothing else ends it: here is nobody who would take it.
    world = _world(store, bounds=Bounds(max_background=0))
    async with client_of(world.app()) as client:
        answer = await client.post("/refine", json=ASK | {"background": background}, headers=headers)
        document = await finished(client, store.created[0])

    assert answer.status_code == status
    assert document["status"] == "cancelled"


async def test_a_job_of_the_background_that_was_created_unheard_is_found_again_by_its_key() -> None:
    store = FaultyStore(creates_unheard=1)
    async with client_of(_world(store).app()) as client:
        lost = await client.post("/refine", json=BACKGROUND, headers=KEY)
        found = await client.post("/refine", json=BACKGROUND, headers=KEY)
        whole = await finished(client, store.created[0])

    assert lost.status_code == 503
    assert found.json()["id"] == store.created[0]
    assert whole["solution"] == RIGHT


async def test_without_the_store_the_gateway_is_degraded_and_still_takes_requests() -> None:
    store = FaultyStore(down=True)
    async with client_of(_world(store).app()) as client:
        live, ready = await client.get("/health"), await client.get("/ready")
        store.down = False
        async with asyncio.timeout(30):
            # An answer is given again for a second.
            while (again := await client.get("/ready")).json()["status"] == "degraded":  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    assert live.status_code == 200
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert ready.json()["parts"]["store"] == {
        "name": "faulty",
        "ready": False,
        "error": "the store is away",
    }
    assert (again.status_code, again.json()["status"]) == (200, "ready")


async def test_a_store_that_comes_back_is_used_without_a_restart() -> None:
    store = FaultyStore(down=True)
    async with client_of(_world(store).app()) as client:
        refused = await client.post("/refine", json=BACKGROUND)
        store.down = False
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        whole = await finished(client, job_id)

    assert refused.status_code == 503
    assert whole["solution"] == RIGHT


async def test_what_was_done_while_the_store_was_away_is_written_when_it_is_back() -> None:
    store = FaultyStore()
    world = _world(store)
    gate = asyncio.Event()
    world.generator.before = gate.wait
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        await until(lambda: world.generator.in_flight == 1)
        store.down = True
        gate.set()
        await until(lambda: world.critic.answers == 2)
        await until(lambda: store.refused >= 3)
        store.down = False
        whole = await finished(client, job_id)
        events = events_of((await client.get(f"/refine/{job_id}/events")).text)

    assert whole["solution"] == RIGHT
    assert world.generator.calls == 2
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert "".join(e.data["delta"] for e in events if e.name == "solution.delta") == WRONG + RIGHT


@pytest.mark.parametrize("fault", [{"down": True}, {"writes": False}])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_here_is_answered_although_the_store_stays_away_or_full(
    stream: bool, fault: dict[str, bool]
) -> None:
    store = FaultyStore()
    world = _world(store)
    gate = asyncio.Event()
    world.generator.before = gate.wait
    async with client_of(world.app()) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(client.post("/refine", json=ASK | {"stream": stream}, headers=KEY))
        await until(lambda: world.generator.in_flight == 1)
        for name, value in fault.items():
            setattr(store, name, value)
        gate.set()
        answer = await asyncio.wait_for(asking, 30)

    whole = events_of(answer.text)[-1].data if stream else answer.json()
    assert whole["solution"] == RIGHT


async def test_a_store_that_lost_its_memory_is_told_of_the_work_in_progress() -> None:
    store = FaultyStore()
    world = _world(store)
    gate = asyncio.Event()

    async def pause_the_revision() -> None:
        if world.generator.calls == 2:
            await gate.wait()

    world.generator.before = pause_the_revision
    async with client_of(world.app()) as client:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        await until(lambda: world.generator.calls == 2)
        await asyncio.sleep(0.2)
        store.wipe()
        gone = await client.get(f"/refine/{job_id}")
        gate.set()
        await asyncio.sleep(0.2)
        whole = await finished(client, job_id)
        events = events_of((await client.get(f"/refine/{job_id}/events?starting_after=6")).text)

    assert gone.status_code == 404
    assert whole["solution"] == RIGHT
    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]
    assert world.generator.calls == 2
    assert events[-1].name == "refinement.completed"


@pytest.mark.parametrize("background", [True, False])
async def test_a_gateway_that_takes_its_own_job_after_an_outage_goes_on_with_it(background: bool) -> None:
    now = 0.0
    kept = MemoryStore(StoreBounds(lease_s=5.0), clock=lambda: now)
    store = FaultyStore(kept)
    world = _world(store)
    gate = asyncio.Event()
    world.generator.before = gate.wait
    app = world.app()
    async with client_of(app) as client, asyncio.TaskGroup() as group:
        asking = group.create_task(client.post("/refine", json=ASK | {"background": background}, headers=KEY))
        await until(lambda: world.generator.in_flight == 1)
        (job_id,) = app.state.desk.runs
        store.writes, now = False, 60.0
        await until(lambda: store.taken == 2 - (not background))
        store.writes = True
        gate.set()
        whole = await finished(client, job_id)
        answer = await asking

    assert whole["solution"] == RIGHT
    assert world.generator.calls == 2
    assert background or answer.json()["solution"] == RIGHT


async def test_a_job_whose_owner_fell_silent_goes_on_after_its_last_finished_round() -> None:
    """The owner here is a gateway whose store stops answering it: as dead to the others as a killed one."""
    kept = MemoryStore(StoreBounds(lease_s=0.5))
    theirs = FaultyStore(kept)
    dead = _world(theirs, generator=ScriptedGenerator([WRONG], hangs_at=1), bounds=Bounds(lease_s=0.5))
    heir = _world(FaultyStore(kept), generator=ScriptedGenerator([RIGHT]), bounds=Bounds(lease_s=0.5))
    heir.critic.answers = 1
    async with client_of(dead.app()) as client:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
        await until(lambda: dead.generator.calls == 2)
        await with_rounds(client, job_id, 1)
        theirs.down = True
        async with client_of(heir.app()) as other:
            whole = await finished(other, job_id)
            events = events_of((await other.get(f"/refine/{job_id}/events")).text)
        theirs.down = False
        await until(lambda: dead.generator.in_flight == 0)

    assert [a_round["solution"] for a_round in whole["rounds"]] == [WRONG, RIGHT]
    assert (dead.generator.calls, heir.generator.calls) == (2, 1)
    assert heir.generator.critiques_seen != []
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    resumed = [event for event in events if event.name == "refinement.resumed"]
    assert [event.data["rounds"] for event in resumed] == [[{"candidate": 0, "round": 0}]]
    assert [e.data["round"] for e in events if e.name == "solution.completed"] == [0, 1]
    assert [e.name for e in events].count("refinement.completed") == 1


async def test_a_job_that_kills_its_owners_is_given_up() -> None:
    kept = MemoryStore(StoreBounds(lease_s=0.001))
    async with client_of(World(store=kept, bounds=Bounds(max_background=0)).app()) as client:
        job_id = (await client.post("/refine", json=BACKGROUND)).json()["id"]
    for _ in range(4):
        assert await kept.take() is not None
        await asyncio.sleep(0.01)

    world = World(store=kept)
    async with client_of(world.app()) as client:
        document = await finished(client, job_id)

    assert document["status"] == "failed"
    assert document["problem"]["type"] == "/problems/abandoned"
    assert world.generator.calls == 0


async def test_a_job_whose_end_nobody_takes_is_let_go_of() -> None:
    store = FaultyStore()
    world, begun = World(store=store.as_store(), bounds=Bounds(request_seconds=0.5)), asyncio.Event()
    world.generator.before = begun.wait
    app = world.app()
    async with client_of(app) as client:
        await client.post("/refine", json=BACKGROUND)
        await until(lambda: world.generator.in_flight == 1)
        store.writes = False
        begun.set()
        await until(lambda: store.refused > 0 and not app.state.desk.runs, 10)
