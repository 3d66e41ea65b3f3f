"""`Prefer: wait=N`: an answer if there is one in time, a handle if not."""

import asyncio

import pytest

from service.api.jobs.wishes import Wishes
from service.services import Bounds
from tests.fakes import ScriptedGenerator
from tests.unit.api.jobs.waiting import finished
from tests.unit.api.world import RIGHT, WRONG, Call, World, client_of, until

ASK = {"problem": "Add one.", "entry_point": "f"}


@pytest.mark.parametrize("background", [False, True])
async def test_what_is_done_in_time_is_answered(background: bool) -> None:
    async with client_of(World().app()) as client:
        answer = await client.post(
            "/refine", json=ASK | {"background": background}, headers={"Prefer": "wait=20"}
        )

    assert (answer.status_code, answer.json()["solution"]) == (200, RIGHT)


@pytest.mark.parametrize("background", [False, True])
async def test_what_takes_longer_is_handed_out_and_goes_on(background: bool) -> None:
    world = World()
    gate = asyncio.Event()
    world.generator.before = gate.wait
    async with client_of(world.app()) as client:
        handle = await client.post(
            "/refine", json=ASK | {"background": background}, headers={"Prefer": "wait=0"}
        )
        gate.set()
        whole = await finished(client, handle.json()["id"])

    assert handle.status_code == 202
    assert handle.json()["status"] in {"queued", "in_progress"}
    assert handle.headers["location"] == f"/refine/{whole['id']}"
    assert handle.headers["preference-applied"] == "wait=0"
    assert whole["solution"] == RIGHT


async def test_a_client_that_leaves_before_it_has_a_handle_takes_its_work_along() -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0))
    app = world.app()
    call = Call(app, "/refine", ASK, headers={"Prefer": "wait=20"})
    async with client_of(app), asyncio.TaskGroup() as group:
        group.create_task(call.run())
        await until(lambda: world.generator.in_flight == 1)
        call.leave()
        await until(lambda: world.generator.in_flight == 0)


async def test_the_end_can_be_waited_for_with_the_handle() -> None:
    world, gate = World(), asyncio.Event()
    world.generator.before = gate.wait
    async with client_of(world.app()) as client, asyncio.TaskGroup() as group:
        path = (await client.post("/refine", json=ASK | {"background": True})).headers["location"]
        early = await client.get(path, headers={"Prefer": "wait=0"})
        waiting = group.create_task(client.get(path, headers={"Prefer": "wait=20"}))
        await until(lambda: world.generator.in_flight == 1)
        gate.set()

    assert early.json()["status"] in {"queued", "in_progress"}
    assert early.headers["preference-applied"] == "wait=0"
    assert waiting.result().json()["solution"] == RIGHT


async def test_where_nobody_else_can_follow_nobody_waits_with_a_handle_either() -> None:
    world = World(bounds=Bounds(max_background=0, max_followers=0))
    async with client_of(world.app()) as client:
        path = (await client.post("/refine", json=ASK | {"background": True})).headers["location"]
        refused = await client.get(path, headers={"Prefer": "wait=20"})
        looked = await client.get(path)

    assert (refused.status_code, looked.status_code) == (503, 200)


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("wait=5", 5),
        ("respond-async, wait=7", 7),
        ("Wait = 3 ; x=1", 3),
        ('handling=lenient, wait="4"', 4),
        ("wait=999999", 3600),
        ("wait=-1", None),
        ("wait=soon", None),
        ("nowait=5", None),
        ("wait=1.5", None),
        ("respond-async", None),
        (None, None),
    ],
)
def test_a_preference_is_read_or_ignored(header: str | None, wait_s: int | None) -> None:
    assert Wishes.of("", None, header).wait_s == wait_s
