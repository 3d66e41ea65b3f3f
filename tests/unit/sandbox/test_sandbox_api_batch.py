"""Batches and streams: every submission is answered in its place, and nothing is kept that was sent."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from structlog.testing import capture_logs

from sandbox_runner.api.answers import to_json
from sandbox_runner.domain.cases import Submission
from sandbox_runner.domain.verdict import Integrity, Outcome, ProgramError, TestResult
from tests.unit.sandbox.api_client import CALL, CODE, NDJSON, BareClient, api_client, lines_of
from tests.unit.sandbox.fake_sandbox import FakeJudge

TWO = CALL | {"tests": CALL["tests"] * 2}


async def test_a_batch_is_answered_in_order_and_its_faulty_members_in_their_place() -> None:
    broken = CALL | {"code": 3}
    refused = CALL | {"language": "cobol"}
    async with api_client(FakeJudge()) as client:
        response = await client.post("/judge/batch", json={"submissions": [TWO, broken, refused, CALL]})

    results = response.json()["results"]
    assert response.status_code == 200
    assert [each.get("verdict", {}).get("total") for each in results] == [2, None, None, 1]
    assert results[0]["tier"] == "T3"
    assert results[1]["error"]["errors"][0]["field"] == "code"
    assert results[2]["error"]["errors"][0]["field"] == "language"


@pytest.mark.parametrize(
    "body", [{}, {"submissions": []}, {"submissions": 3}, {"submissions": [CALL], "x": 1}]
)
async def test_what_is_no_batch_is_422(body: dict[str, object]) -> None:
    async with api_client(FakeJudge()) as client:
        response = await client.post("/judge/batch", json=body)

    assert response.status_code == 422


async def test_a_batch_counts_all_its_tests() -> None:
    async with api_client(FakeJudge(), max_tests=3) as client:
        response = await client.post("/judge/batch", json={"submissions": [TWO, TWO]})

    assert response.json()["errors"] == [{"field": "tests", "message": "at most 3"}]


async def test_a_batch_runs_as_many_at_once_as_there_are_slots() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    async with api_client(judge, concurrency=2, queue_size=0) as client, asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("/judge/batch", json={"submissions": [CALL] * 10}))
        await judge.arrived.wait()
        await asyncio.sleep(0)
        at_once = len(judge.submissions)
        assert judge.gate is not None
        judge.gate.set()

    assert at_once == 2
    assert [each["verdict"]["outcome"] for each in asked.result().json()["results"]] == ["accepted"] * 10


async def test_a_batch_counts_the_tests_of_faulty_members_too() -> None:
    async with api_client(FakeJudge(), max_tests=3) as client:
        response = await client.post("/judge/batch", json={"submissions": [TWO, TWO | {"code": 3}, 3]})

    assert response.json()["errors"] == [{"field": "tests", "message": "at most 3"}]


async def test_the_deadline_of_a_batch_is_that_of_all_its_members() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    assert judge.gate is not None
    async with api_client(judge, concurrency=1) as client, asyncio.TaskGroup() as group:
        asked = group.create_task(
            client.post("/judge/batch", json={"submissions": [CALL] * 2}, headers={"X-Deadline-S": "0.5"})
        )
        await judge.arrived.wait()
        await asyncio.sleep(0.6)
        judge.gate.set()

    first, second = asked.result().json()["results"]
    assert first["verdict"]["outcome"] == "accepted"
    assert second["error"]["type"] == "/problems/too-late"


async def test_a_fault_of_ours_in_a_batch_is_a_problem_that_tells_nothing() -> None:
    async with api_client(FakeJudge(fault=RuntimeError("secret"))) as client:
        response = await client.post("/judge/batch", json={"submissions": [CALL]})

    assert response.json()["results"][0]["error"]["type"] == "/problems/unexpected"
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("path", "body"),
    [("/judge/batch", {"submissions": [CALL]}), ("/run_code", {"code": "print(1)", "language": "python"})],
)
async def test_a_fault_of_ours_is_logged_with_its_place_and_without_its_text(
    path: str, body: dict[str, object]
) -> None:
    with capture_logs() as logged:
        async with api_client(FakeJudge(fault=RuntimeError("secret"))) as client:
            await client.post(path, json=body)

    (failed,) = (entry for entry in logged if entry["event"] == "request_failed")
    assert failed["error"] == "RuntimeError"
    assert failed["frames"][-1].endswith("_wait")
    assert "secret" not in str(logged)


async def test_a_stream_has_a_line_per_test_and_one_for_the_verdict() -> None:
    judge = FakeJudge(TestResult(Outcome.WRONG_ANSWER, "out"))
    async with api_client(judge) as client:
        response = await client.post("/judge", json=TWO, headers=NDJSON)

    lines = lines_of(response)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [(line["submission"], line.get("test")) for line in lines] == [(0, 0), (0, 1), (0, None)]
    assert lines[0]["result"]["stdout"] == "out"
    assert lines[2] == {
        "submission": 0,
        "verdict": {"outcome": "wrong_answer", "passed": 0, "total": 2},
        "integrity": "strong",
        "tier": "T3",
    }


async def test_the_verdict_of_a_stream_sums_up_its_tests() -> None:
    weak = TestResult(Outcome.ACCEPTED, integrity=Integrity.WEAK)
    judge = FakeJudge(weak, following=(TestResult(Outcome.TIME_LIMIT), TestResult(Outcome.WRONG_ANSWER)))
    async with api_client(judge) as client:
        response = await client.post("/judge", json=CALL | {"tests": CALL["tests"] * 3}, headers=NDJSON)

    last = lines_of(response)[-1]
    assert last["verdict"] == {"outcome": "time_limit", "passed": 1, "total": 3}
    assert last["integrity"] == "weak"


class _BreakingJudge(FakeJudge):
    """Breaks after the first test."""

    async def results(self, submission: Submission) -> AsyncGenerator[TestResult, None]:
        yield self.result
        raise RuntimeError("secret")


async def test_a_fault_within_a_stream_is_its_last_line() -> None:
    async with api_client(_BreakingJudge()) as client:
        response = await client.post("/judge", json=TWO, headers=NDJSON)

    first, last = lines_of(response)
    assert (response.status_code, first["test"]) == (200, 0)
    assert last["error"]["type"] == "/problems/unexpected"
    assert "secret" not in response.text


async def test_a_streamed_batch_closes_each_submission_with_a_verdict_or_an_error() -> None:
    submissions = [TWO, CALL | {"language": "cobol"}, 3, CALL]
    async with api_client(FakeJudge()) as client:
        response = await client.post("/judge/batch", json={"submissions": submissions}, headers=NDJSON)

    closing = {line["submission"]: line for line in lines_of(response) if "test" not in line}
    assert sorted(closing) == [0, 1, 2, 3]
    assert ["error" in closing[n] for n in range(4)] == [False, True, True, False]


async def test_a_stream_that_cannot_begin_has_a_status_of_its_own() -> None:
    async with api_client(FakeJudge(fault=RuntimeError("secret"))) as client:
        failed = await client.post("/judge", json=CALL, headers=NDJSON)
        invalid = await client.post("/judge", json={}, headers=NDJSON)

    assert (failed.status_code, invalid.status_code) == (500, 422)


async def test_a_streaming_client_that_leaves_cancels_its_judging() -> None:
    judge = FakeJudge(gate=asyncio.Event())
    client = BareClient("/judge/batch", {"submissions": [CALL] * 5}, **NDJSON)
    async with asyncio.TaskGroup() as group:
        group.create_task(client.call(judge, concurrency=2))
        await judge.arrived.wait()
        await asyncio.sleep(0)
        client.leave()

    assert judge.cancelled == 2
    assert len(judge.submissions) == 2


@pytest.mark.parametrize(("path", "body"), [("/judge", CALL), ("/judge/batch", {"submissions": [CALL] * 3})])
async def test_a_client_that_stops_reading_counts_as_gone(path: str, body: dict[str, object]) -> None:
    client = BareClient(path, body, **NDJSON)
    client.reads.clear()

    await client.call(FakeJudge(), client_s=0.01)

    assert client.sent == []


@pytest.mark.parametrize("path", ["/judge", "/judge/batch", "/run", "/run_code", "/submit"])
async def test_a_client_that_leaves_within_its_body_is_no_failure_of_ours(path: str) -> None:
    client = BareClient(path, CALL)
    client.forget_the_body()
    client.leave()

    await client.call(FakeJudge())

    assert client.sent[0]["status"] == 499


async def test_a_request_that_does_not_arrive_is_not_waited_for() -> None:
    client = BareClient("/judge", CALL)
    client.forget_the_body()

    await client.call(FakeJudge(), client_s=0.01)

    assert client.sent[0]["status"] == 408


async def test_a_stream_of_many_long_outputs_does_not_grow_in_memory() -> None:
    judge = FakeJudge(TestResult(Outcome.ACCEPTED, "x" * 10_000))
    body = {"code": CODE, "tests": [{"stdout": "x"}] * 2_000}
    client = BareClient("/judge", body, **NDJSON)
    sent = _Counter()
    client.sent = sent
    tracemalloc.start()
    await client.call(judge)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sent.bytes > 20_000_000
    assert peak < 8_000_000


async def test_an_answer_that_is_not_streamed_leaves_out_outputs_beyond_its_bound() -> None:
    judge = FakeJudge(TestResult(Outcome.ACCEPTED, "x" * 60))
    async with api_client(judge, answer_bytes=100) as client:
        response = await client.post("/judge", json=TWO)

    first, second = response.json()["verdict"]["tests"]
    assert (first["stdout"], second["stdout"]) == ("x" * 60, "")
    assert "output left out" in second["message"]
    assert response.json()["verdict"]["passed"] == 2


@pytest.mark.parametrize(("bound", "asked"), [(1_000, 70), (100, 500), (100, None)])
async def test_a_client_may_want_less_than_the_bound_and_gets_no_more(bound: int, asked: int | None) -> None:
    judge, body = FakeJudge(TestResult(Outcome.ACCEPTED, "x" * 60)), TWO | {"answer_bytes": asked}
    async with api_client(judge, answer_bytes=bound) as client:
        alone = await client.post("/judge", json=body)
        among = await client.post("/judge/batch", json={"submissions": [body]})

    for verdict in (alone.json()["verdict"], among.json()["results"][0]["verdict"]):
        assert [test["stdout"] for test in verdict["tests"]] == ["x" * 60, ""]
        assert verdict["passed"] == 2


async def test_what_was_returned_counts_as_output_too() -> None:
    judge = FakeJudge(TestResult(Outcome.WRONG_ANSWER, returned="r" * 60, error=ProgramError("E", "t" * 30)))
    async with api_client(judge, answer_bytes=100) as client:
        response = await client.post("/judge", json=TWO)

    assert [test["returned"] for test in response.json()["verdict"]["tests"]] == ["r" * 60, None]


class _Counter(list[Any]):
    """Forgets what it is given and counts the bytes."""

    bytes = 0

    def append(self, message: Any) -> None:
        self.bytes += len(message.get("body", b""))


def test_lines_are_json_even_of_text_that_is_no_unicode() -> None:
    assert json.loads(to_json({"stdout": "\ud800"})) == {"stdout": "\ud800"}
