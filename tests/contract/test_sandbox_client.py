"""The sandbox's client against a server that answers as told: what is retried, refused and believed."""

import asyncio
import json
import math
import time
from collections import UserDict
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from service.adapters.sandbox import SHOWN_BYTES, HttpSandbox, Patience, http_sandbox
from service.domain.errors import RequestError, SandboxBusyError, SandboxError
from service.domain.task import AssertTest, CallTest, Candidate, Equality, StdinTest, Task
from service.domain.verdict import Outcome

TASK = Task("Add one.", "f", (CallTest((3,), 4, {"y": 1}), AssertTest("assert f(1) == 2")))
CANDIDATE = Candidate("def f(x, y=0): return x + 1")
QUICK = Patience(attempts=3, first_wait_s=0.001, longest_wait_s=0.01, timeout_s=2.0)

ACCEPTED = {"outcome": "accepted", "stdout": "", "stderr": "", "returned": "4", "cpu_s": 0.1, "wall_s": 0.2}
ANSWER: dict[str, Any] = {
    "verdict": {"outcome": "accepted", "passed": 2, "total": 2, "tests": [ACCEPTED, ACCEPTED]},
    "integrity": "strong",
    "tier": "T3",
}


def _answer(**changes: Any) -> web.Response:
    return web.json_response(ANSWER | {"verdict": ANSWER["verdict"] | changes})


def _problem(status: int, *errors: dict[str, str]) -> web.Response:
    return web.json_response({"title": "no", "errors": list(errors)}, status=status)


async def _endless() -> AsyncGenerator[bytes, None]:
    while True:
        yield b" " * 2**20


@dataclass
class Server:
    """Gives its replies in turn, the last one for ever; None never answers, an error hangs up."""

    replies: list[Callable[[], web.Response] | None]
    takes_s: float = 0.0
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def judge(self, request: web.Request) -> web.Response:
        self.requests.append(json.loads(await request.text()))
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        if reply is None:
            await asyncio.Event().wait()
            raise AssertionError
        await asyncio.sleep(self.takes_s)
        return reply()

    async def ready(self, request: web.Request) -> web.Response:
        return _problem(503) if self.replies == [] else web.json_response({})


@asynccontextmanager
async def _sandbox(server: Server, patience: Patience = QUICK) -> AsyncGenerator[HttpSandbox, None]:
    app = web.Application()
    routes = [
        web.post("/judge", server.judge),
        web.post("/run", server.judge),
        web.get("/ready", server.ready),
    ]
    app.add_routes(routes)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with http_sandbox(f"http://127.0.0.1:{port}", patience=patience) as sandbox:
            yield sandbox
    finally:
        await runner.cleanup()


async def test_a_task_is_sent_as_the_sandbox_reads_it() -> None:
    server = Server([_answer])

    async with _sandbox(server) as sandbox:
        verdict = await sandbox.judge(TASK, CANDIDATE)

    assert server.requests == [
        {
            "code": CANDIDATE.code,
            "language": "python",
            "entry_point": "f",
            "tests": [{"args": [3], "kwargs": {"y": 1}, "expected": 4}, {"assert": "assert f(1) == 2"}],
            "stop_on_first_fail": False,
            "answer_bytes": SHOWN_BYTES,
        }
    ]
    assert (verdict.outcome, verdict.passed, verdict.total) == (Outcome.ACCEPTED, 2, 2)
    assert (verdict.tier, verdict.integrity) == ("T3", "strong")
    assert (verdict.runs[0].actual, verdict.runs[0].wall_s) == ("4", 0.2)


class Counted(UserDict[str, object]):
    """Counts how often it is written."""

    written = 0

    def __iter__(self) -> Iterator[str]:
        self.written += 1
        return super().__iter__()


async def test_tests_are_written_once_for_the_programs_of_a_task() -> None:
    """Three megabytes of them for each of many programs held up the event loop."""
    kwargs = Counted(x=1)
    server, task = Server([_answer]), Task("p", "f", (CallTest((1,), 2, kwargs), CallTest((2,), 3)))
    assert task.key
    kwargs.written = 0

    async with _sandbox(server) as sandbox:
        for number in range(5):
            await sandbox.judge(task, Candidate(f"x = {number}"))
        await sandbox.judge(TASK, CANDIDATE)

    assert [len(request["tests"]) for request in server.requests] == [2] * 6
    assert [request["code"] for request in server.requests[:2]] == ["x = 0", "x = 1"]
    assert server.requests[4]["tests"] != server.requests[5]["tests"]
    assert kwargs.written == 1


async def test_a_program_on_stdin_is_compared_by_what_it_prints() -> None:
    run = ACCEPTED | {"outcome": "wrong_answer", "stdout": "5\n", "returned": None}
    server = Server([lambda: _answer(outcome="wrong_answer", passed=0, total=1, tests=[run])])

    async with _sandbox(server) as sandbox:
        verdict = await sandbox.judge(Task("p", tests=(StdinTest("3\n", "4\n"),)), CANDIDATE)

    assert server.requests[0]["tests"] == [{"stdin": "3\n", "stdout": "4\n"}]
    assert verdict.runs[0].actual == "5\n"


async def test_what_is_printed_may_be_compared_by_value() -> None:
    server = Server([lambda: _answer(passed=1, total=1, tests=[ACCEPTED])])
    test = StdinTest("3\n", "4\n", equality=Equality.NUMBERS)

    async with _sandbox(server) as sandbox:
        await sandbox.judge(Task("p", tests=(test,)), CANDIDATE)

    assert server.requests[0]["checker"] == {"name": "floats", "abs": 0, "rel": 0}


async def test_a_full_queue_is_asked_again() -> None:
    server = Server([lambda: web.Response(status=503, headers={"Retry-After": "0"}), _answer])

    async with _sandbox(server) as sandbox:
        verdict = await sandbox.judge(TASK, CANDIDATE)

    assert verdict.accepted
    assert len(server.requests) == 2


async def test_a_full_queue_is_left_alone_for_as_long_as_it_asks_for() -> None:
    server = Server([lambda: web.Response(status=503, headers={"Retry-After": "5"}), _answer])

    started = time.monotonic()
    async with _sandbox(server, replace(QUICK, longest_wait_s=0.2)) as sandbox:
        await sandbox.judge(TASK, CANDIDATE)

    assert time.monotonic() - started >= 0.75 * 0.2


async def test_a_full_queue_may_be_waited_for_longer_than_a_broken_sandbox() -> None:
    server, patience = Server([lambda: web.Response(status=503)]), replace(QUICK, attempts_when_full=9)

    async with _sandbox(server, patience) as sandbox:
        with pytest.raises(SandboxBusyError):
            await sandbox.judge(TASK, CANDIDATE)

    assert len(server.requests) == 9
    assert patience.most_attempts(SandboxError("gone")) == 3


async def test_a_queue_that_stays_full_is_busy_after_a_few_tries() -> None:
    server = Server([lambda: web.Response(status=503)])

    async with _sandbox(server) as sandbox:
        with pytest.raises(SandboxBusyError):
            await sandbox.judge(TASK, CANDIDATE)

    assert len(server.requests) == 3


async def test_nobody_at_the_address_is_a_sandbox_error() -> None:
    async with http_sandbox("http://127.0.0.1:9", patience=QUICK) as sandbox:
        with pytest.raises(SandboxError, match="ClientConnectorError"):
            await sandbox.judge(TASK, CANDIDATE)
        with pytest.raises(SandboxError, match="ClientConnectorError"):
            await sandbox.ping()


async def test_silence_is_a_sandbox_error_within_the_bound() -> None:
    async with _sandbox(Server([None]), Patience(timeout_s=0.1, test_s=0.05)) as sandbox:
        with pytest.raises(SandboxError, match=r"within 0\.2 s"):
            await sandbox.judge(TASK, CANDIDATE)


async def test_a_program_that_hangs_in_every_test_is_waited_for() -> None:
    run = ACCEPTED | {"outcome": "time_limit"}
    server = Server([lambda: _answer(outcome="time_limit", passed=0, tests=[run, run])], takes_s=0.2)

    async with _sandbox(server, Patience(timeout_s=0.05, test_s=30.0)) as sandbox:
        verdict = await sandbox.judge(TASK, CANDIDATE)

    assert verdict.outcome is Outcome.TIME_LIMIT


async def test_a_test_with_a_limit_of_its_own_is_given_the_time_for_it() -> None:
    server = Server([_answer], takes_s=0.2)

    async with _sandbox(server, Patience(timeout_s=0.05, test_s=0.001)) as sandbox:
        verdict = await sandbox.judge(TASK, CANDIDATE, cpu_s=60.0)

    assert verdict.accepted


@pytest.mark.parametrize(
    "reply",
    [
        lambda: web.Response(status=500, text="<html>oops</html>"),
        lambda: web.Response(text="<html>not json</html>"),
        lambda: web.json_response([]),
        lambda: web.json_response({"verdict": {"outcome": "splendid", "passed": 1, "total": 1}}),
        lambda: web.Response(body=b'{"verdict": "\xff"}'),
        lambda: web.Response(text='{"verdict":' + "[" * 100_000),
        lambda: _answer(outcome="internal_error", tests=[ACCEPTED | {"outcome": "internal_error"}]),
        lambda: _answer(outcome="cancelled"),
        lambda: _answer(tests=[ACCEPTED, ACCEPTED | {"outcome": "internal_error"}]),
        lambda: _answer(total=3),
        lambda: _answer(tests=[ACCEPTED, ACCEPTED | {"outcome": "wrong_answer"}]),
        lambda: _answer(tests=[ACCEPTED]),
        lambda: _answer(tests=[]),
        lambda: _answer(passed=1),
        lambda: _answer(outcome="wrong_answer"),
        lambda: _answer(outcome="wrong_answer", passed=-1),
        lambda: _answer(outcome="wrong_answer", passed=0, tests=[]),
        lambda: _answer(outcome="wrong_answer", passed=1, tests=[ACCEPTED]),
        lambda: _answer(tests=[ACCEPTED] * 3),
        lambda: _problem(422, {"field": "code", "message": "too long"}),
        lambda: web.Response(status=422, text="?"),
        lambda: _problem(413),
        lambda: web.Response(status=302, headers={"Location": "/elsewhere"}),
    ],
)
async def test_what_is_no_verdict_is_an_error_and_is_asked_once(reply: Callable[[], web.Response]) -> None:
    server = Server([reply])

    async with _sandbox(server) as sandbox:
        with pytest.raises(SandboxError):
            await sandbox.judge(TASK, CANDIDATE)

    assert len(server.requests) == 1


async def test_the_sandbox_says_why_it_failed() -> None:
    run = ACCEPTED | {"outcome": "internal_error", "message": "no box is left"}
    server = Server([lambda: _answer(outcome="internal_error", passed=0, tests=[run])])

    async with _sandbox(server) as sandbox:
        with pytest.raises(SandboxError, match="internal_error: no box is left"):
            await sandbox.judge(TASK, CANDIDATE)


async def test_what_is_not_http_is_an_error_and_is_asked_once() -> None:
    asked: list[bytes] = []

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"220 mail ready\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with http_sandbox(url, patience=QUICK) as sandbox:
            with pytest.raises(SandboxError, match="ClientResponseError"):
                await sandbox.judge(TASK, CANDIDATE)

    assert asked == [b"POST /judge HTTP/1.1\r\n"]


async def test_an_answer_without_an_end_is_an_error() -> None:
    server = Server([lambda: web.Response(body=_endless())])

    async with _sandbox(server, replace(QUICK, timeout_s=60.0)) as sandbox:
        with pytest.raises(SandboxError, match="longer than"):
            await sandbox.judge(TASK, CANDIDATE)


async def test_what_json_cannot_hold_is_sent_to_nobody() -> None:
    server = Server([_answer])

    async with _sandbox(server) as sandbox:
        with pytest.raises(SandboxError, match="cannot be sent as JSON"):
            await sandbox.judge(Task("p", "f", (CallTest((math.nan,), 1),)), CANDIDATE)

    assert server.requests == []


async def test_a_tests_own_limit_reaches_the_sandbox() -> None:
    server = Server([_answer])

    async with _sandbox(server) as sandbox:
        await sandbox.judge(TASK, CANDIDATE, cpu_s=3.0)

    assert server.requests[0]["limits"] == {"cpu_s": 3.0}


async def test_a_test_that_cannot_be_run_is_the_callers_to_change() -> None:
    server = Server([lambda: _problem(422, {"field": "tests.1.assert", "message": "not a comparison"})])

    async with _sandbox(server) as sandbox:
        with pytest.raises(RequestError, match="not a comparison") as refused:
            await sandbox.judge(TASK, CANDIDATE)

    assert refused.value.field == "tests.1.assert"


async def test_half_a_surrogate_pair_in_an_output_is_replaced() -> None:
    body = json.dumps(ANSWER).replace('"stdout": ""', '"stdout": "\\ud800!"')

    async with _sandbox(
        Server([lambda: web.Response(text=body, content_type="application/json")])
    ) as sandbox:
        verdict = await sandbox.judge(TASK, CANDIDATE)

    assert verdict.runs[0].stdout == "?!"


async def test_a_program_is_run_with_its_input() -> None:
    ran = {
        "outcome": "runtime_error",
        "exit_code": 3,
        "stdout": "so far\n",
        "message": "exit 3",
        "tier": "T2",
    }
    server = Server([lambda: web.json_response(ran)])

    async with _sandbox(server) as sandbox:
        run = await sandbox.run("exit(3)", stdin="1\n", language="python")

    assert server.requests == [{"code": "exit(3)", "stdin": "1\n", "language": "python"}]
    assert (run.outcome, run.exit_code, run.stdout) == (Outcome.RUNTIME_ERROR, 3, "so far\n")
    assert (run.message, run.tier) == ("exit 3", "T2")


@pytest.mark.parametrize("outcome", ["internal_error", "cancelled", "splendid"])
async def test_a_run_that_the_sandbox_spoilt_is_an_error(outcome: str) -> None:
    server = Server([lambda: web.json_response({"outcome": outcome})])

    async with _sandbox(server) as sandbox:
        with pytest.raises(SandboxError):
            await sandbox.run("exit(3)")


async def test_an_unknown_language_is_the_callers_to_change() -> None:
    server = Server([lambda: _problem(422, {"field": "language", "message": "known are: python"})])

    async with _sandbox(server) as sandbox:
        with pytest.raises(RequestError, match="known are: python") as refused:
            await sandbox.run("1", language="basic")

    assert refused.value.field == "language"


async def test_a_sandbox_that_is_not_ready_says_so() -> None:
    async with _sandbox(Server([])) as sandbox:
        with pytest.raises(SandboxError, match="503"):
            await sandbox.ping()
    async with _sandbox(Server([None])) as sandbox:
        await sandbox.ping()


def test_no_test_is_given_less_time_than_others_for_a_limit_of_its_own() -> None:
    assert Patience(timeout_s=60.0, test_s=20.0).bound_s(2, 1.0) == 60.0 + 2 * 20.0


def test_waits_double_are_bounded_and_honour_the_server() -> None:
    patience = Patience(first_wait_s=1.0, longest_wait_s=5.0)

    assert 0.75 <= patience.wait_s(0, None) <= 1.0
    assert 3.0 <= patience.wait_s(2, None) <= 4.0
    assert patience.wait_s(9, None) <= 5.0
    assert 2.25 <= patience.wait_s(0, 3.0) <= 3.0
