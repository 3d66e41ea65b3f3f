"""A refinement in the background is its tenant's: to see, to cancel, to join by key, and to pay for."""

from pathlib import Path

import pytest

from service.services import Bounds
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ScriptedGenerator
from tests.unit.api.auth_keys import auth, bearer, entry
from tests.unit.api.jobs.waiting import Json
from tests.unit.api.world import WRONG, World, client_of, until

ASK: Json = {"problem": "Add one.", "entry_point": "f"}
OURS, THEIRS = bearer("refine"), bearer("admin")
KEY = {"Idempotency-Key": "k"}


async def test_it_is_not_there_for_other_tenants(tmp_path: Path) -> None:
    keys = auth(tmp_path, entry("refine", "acme"), entry("admin", "other"))
    async with client_of(World().app(auth=keys)) as client:
        path = (await client.post("/refine", json=ASK | {"background": True}, headers=OURS)).headers[
            "location"
        ]
        calls = [("GET", path), ("GET", f"{path}/request"), ("GET", f"{path}/events"), ("DELETE", path)]
        hidden = [await client.request(method, url, headers=THEIRS) for method, url in calls]
        shown = [await client.request(method, url, headers=OURS) for method, url in calls]
        unasked = await client.get(path)

    assert [answer.status_code for answer in hidden] == [404] * 4
    assert [answer.status_code for answer in shown] == [200] * 4
    assert unasked.status_code == 401


async def test_tenants_with_the_same_key_do_not_meet(tmp_path: Path) -> None:
    world = World()
    keys = auth(tmp_path, entry("refine", "acme"), entry("admin", "other"))
    async with client_of(world.app(auth=keys)) as client:
        ours, again, theirs = [
            (await client.post("/refine", json=ASK, headers=KEY | dict(who))).json()["id"]
            for who in (OURS, OURS, THEIRS)
        ]

    assert ours == again
    assert theirs != ours


@pytest.mark.parametrize("reserved", [100, 1])
async def test_its_tokens_are_its_tenants_though_nobody_waits(tmp_path: Path, reserved: int) -> None:
    """Whether what was set aside is enough or more has to be asked for."""
    world = World(clock=lambda: 0.0)
    keys = auth(tmp_path, entry("refine", tokens_per_minute=1_000), reserve_tokens=reserved)
    cost = len((INCORRECT + " " + CORRECT).split())
    app = world.app(auth=keys)
    async with client_of(app) as client:
        begun = await client.post("/refine", json=ASK | {"background": True}, headers=OURS)
        await until(lambda: world.critic.answers == 2)
        await client.get(begun.headers["location"], headers={**OURS, "Prefer": "wait=20"})
        await until(lambda: not app.state.desk.runs)
        after = await client.post("/refine", json=ASK | {"background": True}, headers=OURS)

    assert begun.headers["x-ratelimit-remaining-tokens"] == str(1_000 - reserved)
    assert int(after.headers["x-ratelimit-remaining-tokens"]) == 1_000 - cost - reserved


async def test_it_waits_for_its_tenants_tokens_longer_than_a_request_would(tmp_path: Path) -> None:
    """A token comes back in a millisecond."""
    critic = FakeChatModel([INCORRECT])
    world = World(critic=critic, bounds=Bounds(queue_s=0.001), clock=lambda: 0.0)
    app = world.app(auth=auth(tmp_path, entry("refine", tokens_per_minute=60_000), reserve_tokens=1))
    async with client_of(app) as client:
        await app.state.services.limits.settle("acme", 60_000 - 1)
        begun = await client.post("/refine", json=ASK | {"background": True}, headers=OURS)
        ended = await client.get(begun.headers["location"], headers={**OURS, "Prefer": "wait=20"})

    assert ended.json()["stop_reason"] == "rounds_exhausted"
    assert critic.answers == 4


async def test_what_was_set_aside_for_who_waits_under_a_key_is_given_back_once(
    tmp_path: Path,
) -> None:
    keys = auth(tmp_path, entry("refine", tokens_per_minute=1_000), reserve_tokens=100)
    cost = len((INCORRECT + " " + CORRECT).split())
    app = World(clock=lambda: 0.0).app(auth=keys)
    async with client_of(app) as client:
        await client.post("/refine", json=ASK, headers=KEY | dict(OURS))
        await until(lambda: not app.state.desk.runs)
        after = await client.post("/refine", json=ASK, headers={"Idempotency-Key": "other"} | dict(OURS))

    assert int(after.headers["x-ratelimit-remaining-tokens"]) == 900 - cost


@pytest.mark.parametrize("max_background", [0, 8])
async def test_what_is_set_aside_stays_so_while_nobody_waits(tmp_path: Path, max_background: int) -> None:
    """Whether the refinements are at work or wait for their turn."""
    bounds = Bounds(max_background=max_background)
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), bounds=bounds, clock=lambda: 0.0)
    keys = auth(tmp_path, entry("refine", tokens_per_minute=1_000), reserve_tokens=400)
    async with client_of(world.app(auth=keys)) as client:
        body = ASK | {"background": True}
        flood = [await client.post("/refine", json=body, headers=OURS) for _ in range(4)]
        for begun in flood[:2]:
            await client.delete(begun.headers["location"], headers=OURS)
        after = await client.post("/refine", json=body, headers=OURS)

    assert [answer.status_code for answer in flood] == [202, 202, 429, 429]
    assert (after.status_code, after.headers["x-ratelimit-remaining-tokens"]) == (202, "600")


async def test_what_was_set_aside_is_given_back_once_however_often_it_is_cancelled(tmp_path: Path) -> None:
    bounds = Bounds(max_background=0)
    keys = auth(tmp_path, entry("refine", tokens_per_minute=1_000), reserve_tokens=300)
    async with client_of(World(bounds=bounds, clock=lambda: 0.0).app(auth=keys)) as client:
        body = ASK | {"background": True}
        begun = [await client.post("/refine", json=body, headers=OURS) for _ in range(3)]
        for _ in range(3):
            await client.delete(begun[0].headers["location"], headers=OURS)
        after = await client.post("/refine", json=body, headers=OURS)

    assert (after.status_code, after.headers["x-ratelimit-remaining-tokens"]) == (202, "100")


async def test_a_client_that_takes_a_handle_leaves_what_is_set_aside(tmp_path: Path) -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), clock=lambda: 0.0)
    keys = auth(tmp_path, entry("refine", tokens_per_minute=1_000), reserve_tokens=400)
    async with client_of(world.app(auth=keys)) as client:
        headers = {**OURS, "Prefer": "wait=0"}
        flood = [await client.post("/refine", json=ASK, headers=headers) for _ in range(3)]

    assert [answer.status_code for answer in flood] == [202, 202, 429]


async def test_who_joins_a_refinement_sets_nothing_aside(tmp_path: Path) -> None:
    world = World(generator=ScriptedGenerator([WRONG], hangs_at=0), clock=lambda: 0.0)
    keys = auth(tmp_path, entry("refine", tokens_per_minute=1_000), reserve_tokens=400)
    async with client_of(world.app(auth=keys)) as client:
        body = ASK | {"background": True}
        joined = [await client.post("/refine", json=body, headers=KEY | dict(OURS)) for _ in range(4)]

    assert [answer.status_code for answer in joined] == [202] * 4
    assert joined[-1].headers["x-ratelimit-remaining-tokens"] == "200"
