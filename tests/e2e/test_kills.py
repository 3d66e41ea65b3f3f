"""Two hundred refinements at once, and every part is killed in turn: nothing is lost, doubled or made up.

A background job that was accepted is completed, once. Whoever waits is told the truth or of a fault: no
wrong verdict, and no reward of 0 because something was away. Nothing but what was killed is started again.
"""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.city import City, city
from tests.e2e.kill_load import BROKEN, Load, ask, check
from tests.scripted_endpoint import FIRST, solution
from tests.unit.api.world import events_of

pytestmark = pytest.mark.isolation

BACKGROUND, FOREGROUND = 160, 40
MOST = 120
"""Calls that a part must have in flight when it is killed."""
WAIT_S = 120
OPENRLHF, SLIME = "/compat/openrlhf/get_reward", "/compat/slime"

Json = dict[str, Any]


@pytest.fixture
async def load(tmp_path: Path) -> AsyncGenerator[Load, None]:
    bounds = {"lease_s": 8, "timeout_s": 2, "max_background": 100}
    connections = aiohttp.TCPConnector(limit=0, force_close=True)
    async with city(tmp_path, **bounds) as made, aiohttp.ClientSession(connector=connections) as session:
        yield Load(made, session)


@pytest.mark.timeout(600)
async def test_whatever_is_killed_nothing_is_lost_or_done_twice_or_made_up(load: Load) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(FOREGROUND):
            group.create_task(load.refine(number % 2, stream=number % 4 < 2))
        for path, body, read in JUDGINGS:
            group.create_task(load.judge(1, path, body, read))
        jobs = [await load.begin(number % 2) for number in range(BACKGROUND)]
        await load.city.generator.until_it_holds(BACKGROUND + FOREGROUND)

        await _kill_the_sandbox(load)
        await _kill_the_critic(load)
        await _kill_the_generator(load)
        await _kill_redis(load)
        await _kill_a_gateway(load)
        await load.city.generator.let(for_ever=True)
        load.over.set()
        documents = [await _finished(load, job_id) for _, job_id in jobs]

    for (number, job_id), document in zip(jobs, documents, strict=True):
        check(number, document)
        _is_told_once(await _events(load, job_id))
    assert load.refined >= FOREGROUND
    assert all(load.told[f"{door} ok"] > 0 for door in ("/judge", OPENRLHF, SLIME)), load.told
    _nothing_else_was_restarted(load.city)


async def _kill_the_sandbox(load: Load) -> None:
    """While it judges the drafts of all."""
    await load.city.generator.let()
    await load.city.critic.until_it_holds(20)
    load.city.sandbox.kill()
    await load.felt("/problems/sandbox-failed", "/judge error")
    await load.city.sandbox.start()


async def _kill_the_critic(load: Load) -> None:
    """In the middle of its critiques."""
    await _all_drafted(load)
    await load.city.critic.until_it_holds(MOST)
    load.city.critic.kill()
    await load.felt("/problems/critic-failed", "/judge error", f"{OPENRLHF} error")
    await load.city.critic.start("--open")


async def _kill_the_generator(load: Load) -> None:
    """In the middle of its programs."""
    await load.city.generator.until_it_holds(MOST)
    load.city.generator.kill()
    await load.felt("/problems/generator-failed")
    await load.city.generator.start()


async def _kill_redis(load: Load) -> None:
    """While rounds are finished that it is to keep."""
    await load.city.generator.until_it_holds(MOST)
    load.city.redis.kill()
    await load.city.generator.let()
    await _until_the_store_is(load, ready=False)
    load.city.redis.start()
    await _until_the_store_is(load, ready=True)


async def _kill_a_gateway(load: Load) -> None:
    """With half of the jobs."""
    await load.city.generator.until_it_holds(MOST)
    first, _ = load.city.gateways
    first.kill()
    await load.felt(BROKEN)
    await first.ended()
    await first.start()


async def _all_drafted(load: Load) -> None:
    """Let everybody's draft be written, also of those who begin again a little later."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                async with asyncio.timeout(1):
                    await load.city.critic.until_it_holds(MOST)
            except TimeoutError:
                await load.city.generator.let()
            else:
                return


async def _until_the_store_is(load: Load, *, ready: bool) -> None:
    async with asyncio.timeout(WAIT_S):
        for gateway in load.city.gateways:
            while await _store_is_ready(load, gateway.url) is not ready:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def _store_is_ready(load: Load, url: str) -> bool:
    said: bool = (await _get(load, f"{url}/ready"))["parts"]["store"]["ready"]
    return said


async def _finished(load: Load, job_id: str) -> Json:
    async with asyncio.timeout(2 * WAIT_S):
        while True:
            document = await _get(load, f"{load.city.gateways[1].url}/refine/{job_id}")
            if document["status"] not in {"queued", "in_progress"}:
                return document
            await asyncio.sleep(0.2)


async def _events(load: Load, job_id: str) -> str:
    url = f"{load.city.gateways[0].url}/refine/{job_id}/events"
    async with load.session.get(url) as answer:
        return await answer.text()


async def _get(load: Load, url: str) -> Json:
    async with load.session.get(url) as answer:
        document: Json = await answer.json()
        return document


def _is_told_once(text: str) -> None:
    events = events_of(text)
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.name for event in events].count("refinement.completed") == 1
    assert events[-1].name == "refinement.completed"


def _nothing_else_was_restarted(city: City) -> None:
    assert all(part.lives for part in city.parts)
    assert [part.starts for part in city.parts] == [2, 2, 2]
    second = city.gateways[1].process
    assert second is not None
    assert second.poll() is None


def _judgments(answer: Json) -> list[str]:
    """The right program has a score of 1, the wrong one 0, or neither has one and an error says why."""
    for result, truth in zip(answer["results"], (1.0, 0.0), strict=True):
        assert result["status"] in {"ok", "error"}, result
        assert result["score"] == (truth if result["status"] == "ok" else None), result
        assert (result["error"] is None) is (result["status"] == "ok")
    return [result["status"] for result in answer["results"]]


def _rewards(answer: Json) -> list[str]:
    """The right program is rewarded by 1, or by a half that is marked."""
    ((reward,), (failed,)) = answer["rewards"], answer["extra_logs"]["judge_error"]
    assert (reward, failed) in {(1.0, 0.0), (0.5, 1.0)}, answer
    return ["error" if failed else "ok"]


def _reward(answer: float) -> list[str]:
    assert answer == 1.0
    return ["ok"]


NUMBER = 7
_TASK = ask(NUMBER)
_PROBLEM, _LABEL = _TASK["problem"], {key: _TASK[key] for key in ("tests", "entry_point")}
_PROGRAMS = _TASK | {"solutions": [solution(NUMBER), FIRST]}
JUDGINGS: list[tuple[str, Json, Any]] = [
    ("/judge", _PROGRAMS, _judgments),
    ("/judge", _PROGRAMS | {"mode": "exec"}, _judgments),
    (
        OPENRLHF,
        {"query": [_PROBLEM + solution(NUMBER)], "prompts": [_PROBLEM], "labels": [_LABEL]},
        _rewards,
    ),
    (SLIME, {"prompt": _PROBLEM, "response": solution(NUMBER), "label": _LABEL}, _reward),
]
