"""Equal questions at once: one run where the verdict may be remembered; nobody depends on another client."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sandbox_runner.domain.cases import Submission
from sandbox_runner.domain.verdict import Outcome, TestResult
from tests.unit.sandbox.api_client import CALL, NDJSON, api_client
from tests.unit.sandbox.fake_sandbox import FakeJudge

ON: dict[str, Any] = {"cache_bytes": 1 << 20, "concurrency": 2}


@asynccontextmanager
async def _asking(judge: FakeJudge, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with api_client(judge, **(ON | settings)) as client, asyncio.timeout(20):
        yield client


def _ask(client: httpx.AsyncClient, group: asyncio.TaskGroup, **more: Any) -> asyncio.Task[httpx.Response]:
    return group.create_task(client.post("/judge", json=CALL, **more))


async def _settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def _open_when_asked(judge: FakeJudge) -> None:
    await judge.arrived.wait()
    await _settle()
    assert judge.gate is not None
    judge.gate.set()


async def test_an_equal_question_waits_for_the_verdict_of_the_first() -> None:
    judge = FakeJudge(TestResult(Outcome.WRONG_ANSWER, "out"), gate=asyncio.Event())
    async with _asking(judge) as client:
        async with asyncio.TaskGroup() as group:
            asked = [_ask(client, group) for _ in range(5)]
            await _open_when_asked(judge)
        page = (await client.get("/metrics")).text

    assert len({task.result().text for task in asked}) == 1
    assert asked[0].result().json()["verdict"]["outcome"] == "wrong_answer"
    assert len(judge.submissions) == 1
    assert "ctrl_cache_hits_total 4.0" in page


@pytest.mark.parametrize("outcome", [Outcome.TIME_LIMIT, Outcome.INTERNAL_ERROR])
async def test_what_is_not_remembered_is_not_shared(outcome: Outcome) -> None:
    judge = FakeJudge(TestResult(outcome), gate=asyncio.Event())
    async with _asking(judge) as client, asyncio.TaskGroup() as group:
        asked = [_ask(client, group) for _ in range(3)]
        await _open_when_asked(judge)

    assert {task.result().json()["verdict"]["outcome"] for task in asked} == {outcome}
    assert len(judge.submissions) == 3


async def test_so_many_may_wait_and_the_next_are_judged() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    begun = []
    async with _asking(judge, concurrency=9) as client:
        for asked in (1 + 64 + 2, 1 + 64):
            assert judge.gate is not None
            judge.gate.clear()
            question = CALL | {"code": f"def f(n): return n + {asked}"}
            async with asyncio.TaskGroup() as group:
                answers = [group.create_task(client.post("/judge", json=question)) for _ in range(asked)]
                for _ in range(20):
                    await _settle()
                begun.append(len(judge.submissions))
                judge.gate.set()
            assert {answer.result().status_code for answer in answers} == {200}

    assert begun == [3, 4]


async def test_an_equal_question_waits_for_one_that_has_no_slot_yet() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    other = CALL | {"code": "def f(n): return n"}
    async with _asking(judge, concurrency=1) as client, asyncio.TaskGroup() as group:
        group.create_task(client.post("/judge", json=other))
        await judge.arrived.wait()
        for _ in range(2):
            _ask(client, group)
        await _settle()
        page = (await client.get("/metrics")).text
        await _open_when_asked(judge)

    assert "ctrl_queue_depth 1.0" in page
    assert len(judge.submissions) == 2


async def test_a_client_that_leaves_takes_no_verdict_along() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with _asking(judge) as client, asyncio.TaskGroup() as group:
        first = _ask(client, group)
        await judge.arrived.wait()
        others = [_ask(client, group) for _ in range(3)]
        await _settle()
        first.cancel()
        await _settle()
        await _open_when_asked(judge)

    assert {task.result().json()["verdict"]["outcome"] for task in others} == {"accepted"}
    assert (len(judge.submissions), judge.cancelled) == (2, 1)


async def test_a_client_that_only_waits_may_leave() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with _asking(judge) as client, asyncio.TaskGroup() as group:
        first, second = _ask(client, group), _ask(client, group)
        await judge.arrived.wait()
        await _settle()
        second.cancel()
        await _open_when_asked(judge)

    assert first.result().status_code == 200
    assert (len(judge.submissions), judge.cancelled) == (1, 0)


async def test_the_questions_of_other_tenants_are_others() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with _asking(judge, api_keys="a:one,b:two") as client, asyncio.TaskGroup() as group:
        for key in ("one", "two"):
            _ask(client, group, headers={"Authorization": f"Bearer {key}"})
        await _open_when_asked(judge)

    assert len(judge.submissions) == 2


async def test_nobody_waits_for_a_client_that_reads_line_by_line() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with _asking(judge) as client, asyncio.TaskGroup() as group:
        _ask(client, group, headers=NDJSON)
        _ask(client, group)
        await _open_when_asked(judge)

    assert len(judge.submissions) == 2


async def test_who_waits_keeps_its_deadline_until_the_run_has_begun() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    other = CALL | {"code": "def f(n): return n"}
    async with _asking(judge, concurrency=1) as client, asyncio.TaskGroup() as group:
        group.create_task(client.post("/judge", json=other))
        await judge.arrived.wait()
        _ask(client, group)
        await _settle()
        late = await client.post("/judge", json=CALL | {"deadline_s": 0.05})
        assert judge.gate is not None
        judge.gate.set()

    assert late.status_code == 504
    assert len(judge.submissions) == 2


async def test_a_run_that_has_begun_is_waited_for_beyond_the_deadline() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with _asking(judge) as client, asyncio.TaskGroup() as group:
        _ask(client, group)
        await judge.arrived.wait()
        second = group.create_task(client.post("/judge", json=CALL | {"deadline_s": 0.01}))
        await asyncio.sleep(0.05)
        await _open_when_asked(judge)

    assert second.result().status_code == 200
    assert len(judge.submissions) == 1


async def _begun_of_two(judge: FakeJudge, **settings: Any) -> int:
    """How many of two equal questions are at work before either has ended."""
    async with _asking(judge, **settings) as client, asyncio.TaskGroup() as group:
        for _ in range(2):
            _ask(client, group)
        await _settle()
        begun = len(judge.submissions)
        await _open_when_asked(judge)
    return begun


async def test_where_nothing_is_remembered_nothing_is_shared() -> None:
    judge = FakeJudge(gate=asyncio.Event())

    assert await _begun_of_two(judge, cache_bytes=0) == 2


@dataclass
class _LateJudge(FakeJudge):
    """Ends its first test at once, and the others when the gate is open."""

    async def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        yield self.result
        async for result in super().results(submission):
            yield result


async def test_what_will_not_be_remembered_is_not_waited_for() -> None:
    judge = _LateJudge(TestResult(Outcome.TIME_LIMIT), gate=asyncio.Event())

    assert await _begun_of_two(judge) == 2


async def test_a_refusal_of_the_first_is_its_own() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    other = CALL | {"code": "def f(n): return n"}
    async with _asking(judge, concurrency=1) as client, asyncio.TaskGroup() as group:
        group.create_task(client.post("/judge", json=other))
        await judge.arrived.wait()
        hurried = group.create_task(client.post("/judge", json=CALL | {"deadline_s": 0.05}))
        await _settle()
        patient = _ask(client, group)
        await asyncio.sleep(0.1)
        assert judge.gate is not None
        judge.gate.set()

    assert (hurried.result().status_code, patient.result().status_code) == (504, 200)
