"""Requests and tokens a minute: what is granted, what is refused, and how either is told."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from service.adapters.store import open_limits
from service.api.auth import rate_limit
from service.domain.errors import ModelError
from service.domain.identity import Quota
from service.settings import StoreSection
from tests.clock import Clock
from tests.fakes import CORRECT, INCORRECT, FakeChatModel
from tests.unit.api.auth_keys import auth, bearer, entry
from tests.unit.api.world import World, client_of

JUDGE = {"problem": "Add one.", "solutions": ["def f(x):\n    return x + 1"]}
ROLLOUT = {"query": ["Add one.\ndef f(x): return x"], "prompts": ["Add one.\n"], "labels": [None]}


def _world() -> tuple[World, Clock]:
    clock = Clock()
    return World(critic=FakeChatModel([CORRECT]), clock=clock), clock


async def test_an_answer_says_what_is_left(tmp_path: Path) -> None:
    world, _ = _world()
    keys = auth(tmp_path, entry("judge", requests_per_minute=60, tokens_per_minute=6_000), reserve_tokens=600)
    async with client_of(world.app(auth=keys)) as client:
        response = await client.post("/judge", json=JUDGE, headers=bearer("judge"))

    assert response.status_code == 200
    told = {name: value for name, value in response.headers.items() if name.startswith("x-ratelimit")}
    assert told == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1.000s",
        "x-ratelimit-limit-tokens": "6000",
        "x-ratelimit-remaining-tokens": "5400",
        "x-ratelimit-reset-tokens": "6.000s",
    }


async def test_what_is_over_the_quota_is_429_and_says_when_to_come_back(tmp_path: Path) -> None:
    world, clock = _world()
    async with client_of(world.app(auth=auth(tmp_path, entry("judge", requests_per_minute=40)))) as client:
        for _ in range(40):
            assert (await client.post("/judge", json=JUDGE, headers=bearer("judge"))).status_code == 200
        refused = await client.post("/judge", json=JUDGE, headers=bearer("judge"))
        clock.now += float(refused.headers["retry-after-ms"]) / 1000
        again = await client.post("/judge", json=JUDGE, headers=bearer("judge"))

    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/quota-exceeded")
    assert (refused.headers["retry-after"], refused.headers["retry-after-ms"]) == ("2", "1500")
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert again.status_code == 200


async def test_openais_doors_refuse_in_openais_words(tmp_path: Path) -> None:
    world, _ = _world()
    body = {"model": "refine", "messages": [{"role": "user", "content": "Add one."}]}
    async with client_of(world.app(auth=auth(tmp_path, entry("refine", requests_per_minute=1)))) as client:
        answers = [
            await client.post("/v1/chat/completions", json=body, headers=bearer("refine")) for _ in range(2)
        ]

    assert [answer.status_code for answer in answers] == [200, 429]
    error = answers[1].json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert answers[1].headers["retry-after-ms"] == "60000"


async def test_tenants_do_not_share_a_quota_and_a_tenants_keys_do(tmp_path: Path) -> None:
    world, _ = _world()
    keys = auth(
        tmp_path,
        entry("judge", requests_per_minute=1),
        entry("admin"),
        entry("refine", tenant="other", requests_per_minute=1),
    )
    body = {"problem": "Add one.", "solution": "def f(x): return x"}
    async with client_of(world.app(auth=keys)) as client:
        answers = [
            (await client.post("/critique", json=body, headers=bearer(name))).status_code
            for name in ("judge", "admin", "refine")
        ]

    assert answers == [200, 429, 200]


async def test_what_a_request_spent_is_settled_when_it_ends(tmp_path: Path) -> None:
    world, _ = _world()
    keys = auth(tmp_path, entry("judge", tokens_per_minute=600), reserve_tokens=300)
    async with client_of(world.app(auth=keys)) as client:
        first = await client.post("/judge", json=JUDGE, headers=bearer("judge"))
        spent = first.json()["usage"]["completion_tokens"]
        second = await client.post("/judge", json=JUDGE, headers=bearer("judge"))

    assert spent > 0
    assert first.headers["x-ratelimit-remaining-tokens"] == "300"
    assert second.headers["x-ratelimit-remaining-tokens"] == str(300 - spent)


ASK = {"problem": "Add one.", "entry_point": "f", "stop": "never", "rounds": 3}
A_CRITIQUE = len(CORRECT.split())


def _refining(world: World, tmp_path: Path, tokens_per_minute: int) -> FastAPI:
    keys = auth(tmp_path, entry("refine", tokens_per_minute=tokens_per_minute), reserve_tokens=1)
    return world.app(auth=keys)


async def test_a_refinement_ends_with_its_best_before_it_overspends_by_another_call(tmp_path: Path) -> None:
    world, _ = _world()
    world.bounds = replace(world.bounds, queue_s=0.001)
    async with client_of(_refining(world, tmp_path, 2 * A_CRITIQUE)) as client:
        answer = await client.post("/refine", json=ASK, headers=bearer("refine"))
        refused = await client.post("/refine", json=ASK, headers=bearer("refine"))

    body = answer.json()
    assert (answer.status_code, body["stop_reason"]) == (200, "budget_exhausted")
    assert body["solution"] == body["rounds"][body["selected"]["round"]]["solution"]
    assert world.critic.answers == 2
    assert refused.status_code == 429


async def test_refinements_side_by_side_overspend_by_a_call_each_at_most(tmp_path: Path) -> None:
    world, _ = _world()
    world.bounds = replace(world.bounds, queue_s=0.001)
    async with client_of(_refining(world, tmp_path, 4 * A_CRITIQUE)) as client, asyncio.TaskGroup() as group:
        asked = [
            group.create_task(client.post("/refine", json=ASK, headers=bearer("refine"))) for _ in range(3)
        ]

    assert {each.result().json()["stop_reason"] for each in asked} == {"budget_exhausted"}
    assert world.critic.answers <= 4 + 3


async def test_a_refinement_waits_for_its_turn_between_calls(tmp_path: Path) -> None:
    """A token comes back in a millisecond."""
    world, _ = _world()
    app = _refining(world, tmp_path, 60_000)
    async with client_of(app) as client:
        await app.state.services.limits.settle("acme", 60_000 - A_CRITIQUE)
        answer = await client.post("/refine", json=ASK, headers=bearer("refine"))

    assert answer.json()["stop_reason"] == "rounds_exhausted"
    assert world.critic.answers == 4


async def test_what_is_streamed_is_paid_for(tmp_path: Path) -> None:
    world = World(clock=Clock())
    keys = auth(tmp_path, entry("refine", tokens_per_minute=1_000), reserve_tokens=100)
    body = {"problem": "Add one.", "entry_point": "f", "stream": True}
    async with client_of(world.app(auth=keys)) as client:
        answers = [await client.post("/refine", json=body, headers=bearer("refine")) for _ in range(2)]

    assert world.critic.streams_begun > 0
    cost = len(f"{INCORRECT} {CORRECT}".split())
    left = [answer.headers["x-ratelimit-remaining-tokens"] for answer in answers]
    assert left == ["900", str(900 - cost)]


@pytest.mark.parametrize("body", [{"problem": ""}, {"nonsense": 1}])
async def test_a_request_that_costs_nothing_gets_its_tokens_back(tmp_path: Path, body: object) -> None:
    world, _ = _world()
    keys = auth(tmp_path, entry("judge", tokens_per_minute=600), reserve_tokens=600)
    async with client_of(world.app(auth=keys)) as client:
        answers = [await client.post("/judge", json=body, headers=bearer("judge")) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [422] * 3


async def test_a_failed_model_gives_the_tokens_back_too(tmp_path: Path) -> None:
    world = World(critic=FakeChatModel([""], fault=ModelError("gone")))
    keys = auth(tmp_path, entry("judge", tokens_per_minute=600), reserve_tokens=600)
    async with client_of(world.app(auth=keys)) as client:
        answers = [await client.post("/judge", json=JUDGE, headers=bearer("judge")) for _ in range(3)]

    assert 429 not in {answer.status_code for answer in answers}


async def test_a_trainer_waits_where_others_are_refused(tmp_path: Path) -> None:
    world, _ = _world()
    app = world.app(auth=auth(tmp_path, entry("judge", requests_per_minute=300)))
    async with client_of(app) as client:
        for _ in range(300):
            await app.state.services.limits.reserve("acme", 0, 0)
        refused = await client.post("/judge", json=JUDGE, headers=bearer("judge"))
        began = time.monotonic()
        waited = await client.post("/compat/openrlhf/get_reward", json=ROLLOUT, headers=bearer("judge"))
        waited_s = time.monotonic() - began

    assert (refused.status_code, waited.status_code) == (429, 200)
    assert waited_s >= 60 / 300


async def test_no_more_trainers_wait_than_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_WAITING", 1)
    world, _ = _world()
    app = world.app(auth=auth(tmp_path, entry("judge", requests_per_minute=600)))
    async with client_of(app) as client:
        for _ in range(600):
            await app.state.services.limits.reserve("acme", 0, 0)

        async def rewarded() -> int:
            path = "/compat/openrlhf/get_reward"
            return (await client.post(path, json=ROLLOUT, headers=bearer("judge"))).status_code

        async with asyncio.TaskGroup() as group:
            both = [group.create_task(rewarded()) for _ in range(2)]
        afterwards = await rewarded()

    assert [answer.result() for answer in both] == [200, 503]
    assert afterwards == 200


async def test_a_trainer_that_would_wait_too_long_is_told_503_and_never_429(tmp_path: Path) -> None:
    world, _ = _world()
    world.bounds = replace(world.bounds, queue_s=5.0)
    async with client_of(world.app(auth=auth(tmp_path, entry("judge", requests_per_minute=1)))) as client:
        answers = [
            await client.post("/compat/openrlhf/get_reward", json=ROLLOUT, headers=bearer("judge"))
            for _ in range(2)
        ]

    assert [answer.status_code for answer in answers] == [200, 503]
    assert "retry-after" in answers[1].headers


async def test_who_has_a_quota_that_cannot_be_counted_is_told_503(tmp_path: Path) -> None:
    world, _ = _world()
    nowhere = StoreSection.model_validate({"url": "redis://127.0.0.1:1/0", "timeout_s": 1})
    quotas = {"acme": Quota(requests_per_minute=60)}
    app = world.app(auth=auth(tmp_path, entry("judge", requests_per_minute=60), entry("admin", "other")))
    async with client_of(app) as client, open_limits(nowhere, quotas, alone=False) as limits:
        app.state.services = replace(app.state.services, limits=limits)
        refused = await client.post("/judge", json=JUDGE, headers=bearer("judge"))
        unlimited = await client.post("/judge", json=JUDGE, headers=bearer("admin"))

    assert (refused.status_code, unlimited.status_code) == (503, 200)
    assert "while the store is away" in refused.json()["detail"]
    assert "retry-after" in refused.headers


async def test_looking_is_free(tmp_path: Path) -> None:
    world, _ = _world()
    async with client_of(world.app(auth=auth(tmp_path, entry("judge", requests_per_minute=1)))) as client:
        for _ in range(5):
            assert (await client.get("/v1/models", headers=bearer("judge"))).status_code == 200
        assert (await client.post("/judge", json=JUDGE, headers=bearer("judge"))).status_code == 200


async def test_without_a_quota_nothing_is_told(tmp_path: Path) -> None:
    world, _ = _world()
    async with client_of(world.app(auth=auth(tmp_path))) as client:
        response = await client.post("/judge", json=JUDGE, headers=bearer("judge"))

    assert not [name for name in response.headers if name.startswith("x-ratelimit")]
