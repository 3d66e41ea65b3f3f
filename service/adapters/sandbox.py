"""The sandbox service as a port of the domain: one HTTP call a judging.

A bad program is a `Verdict`. Whatever keeps the service from giving one is a `SandboxError`, and says
nothing about the candidate.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from service.domain.errors import RequestError, SandboxBusyError, SandboxError, ServiceError
from service.domain.task import AssertTest, CallTest, Candidate, StdinTest, Task, Test
from service.domain.verdict import Outcome, TestRun, Verdict

ANSWER_BYTES = 32 * 1024 * 1024
"""Longest answer read: the sandbox bounds each test's output, this bounds a sandbox gone wrong."""

_BUSY = (429, 503)
_BLAMES_THE_SANDBOX = (Outcome.INTERNAL_ERROR, Outcome.CANCELLED)


class _Answer(BaseModel):
    """Fields of the sandbox's answer that are read here; it may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _TestAnswer(_Answer):
    outcome: Outcome
    stdout: str = ""
    stderr: str = ""
    message: str | None = None
    returned: str | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_bytes: int = 0


class _VerdictAnswer(_Answer):
    outcome: Outcome
    passed: int
    total: int
    tests: tuple[_TestAnswer, ...] = ()


class _JudgeAnswer(_Answer):
    verdict: _VerdictAnswer
    integrity: Literal["strong", "weak"] = "strong"
    tier: str = ""


class _Complaint(_Answer):
    field: str
    message: str


class _InvalidAnswer(_Answer):
    errors: tuple[_Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try. A judging is a pure function of its request, so it may be sent again."""

    attempts: int = 4
    first_wait_s: float = 0.2
    longest_wait_s: float = 5.0
    timeout_s: float = 60.0
    """Bound of a judging, all attempts and waits included."""

    def wait_s(self, attempt: int, asked_s: float | None) -> float:
        """Double each wait, honour what the sandbox asked for, and scatter a herd."""
        wait_s = max(self.first_wait_s * 2.0**attempt, asked_s or 0.0)
        return min(wait_s, self.longest_wait_s) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter


class HttpSandbox:
    """The sandbox behind a URL."""

    def __init__(
        self, session: aiohttp.ClientSession, patience: Patience, limits: Mapping[str, float] | None
    ):
        self._session = session
        self._patience = patience
        self._limits = limits

    async def judge(
        self,
        task: Task,
        candidate: Candidate,
        *,
        stop_on_first_fail: bool = False,
        cpu_s: float | None = None,
    ) -> Verdict:
        """Run the task's tests on the candidate; `cpu_s` is this task's own limit for each test."""
        limits = self._limits if cpu_s is None else {**(self._limits or {}), "cpu_s": cpu_s}
        body = _request(task, candidate, limits, stop_on_first_fail=stop_on_first_fail)
        try:
            async with asyncio.timeout(self._patience.timeout_s):
                return _verdict(task, _parse(await self._post(body)))
        except TimeoutError:
            raise SandboxError(f"sandbox: no verdict within {self._patience.timeout_s:g} s") from None

    async def ping(self) -> None:
        """Raise `SandboxError` unless the sandbox says that it is ready."""
        try:
            async with self._session.get("ready", timeout=aiohttp.ClientTimeout(total=5)) as response:
                if response.status != 200:
                    raise SandboxError(f"sandbox: not ready (status {response.status})")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SandboxError(f"sandbox: {type(error).__name__}") from error

    async def _post(self, body: bytes) -> bytes:
        """Send a judging until it is answered. Only what may pass by itself is tried again."""
        last: SandboxError = SandboxError("sandbox: not tried")
        for attempt in range(self._patience.attempts):
            asked_s: float | None = None
            try:
                async with self._session.post(
                    "judge", data=body, headers=_JSON, allow_redirects=False
                ) as response:
                    if response.status == 200:
                        return await _read(response)
                    if response.status == 422:
                        raise _invalid(await _read(response))
                    last = _refusal(response.status)
                    if response.status not in _BUSY:
                        raise last
                    asked_s = _retry_after(response)
            except (aiohttp.ClientConnectionError, ConnectionError) as error:
                last = SandboxError(f"sandbox: {type(error).__name__}")
                last.__cause__ = error
            except aiohttp.ClientError as error:
                raise SandboxError(f"sandbox: {type(error).__name__}") from error
            if attempt + 1 < self._patience.attempts:
                await asyncio.sleep(self._patience.wait_s(attempt, asked_s))
        raise last


_JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def http_sandbox(
    url: str,
    *,
    patience: Patience | None = None,
    connections: int = 32,
    limits: Mapping[str, float] | None = None,
) -> AsyncGenerator[HttpSandbox, None]:
    """Keep a pool of connections to the sandbox at `url`. `limits` None takes the sandbox's own."""
    patience = patience or Patience()
    async with aiohttp.ClientSession(
        base_url=url.rstrip("/") + "/",
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
    ) as session:
        yield HttpSandbox(session, patience, limits)


def _request(
    task: Task, candidate: Candidate, limits: Mapping[str, float] | None, *, stop_on_first_fail: bool
) -> bytes:
    body: dict[str, Any] = {
        "code": candidate.code,
        "language": task.language,
        "entry_point": task.entry_point,
        "tests": [_test(test) for test in task.tests],
        "stop_on_first_fail": stop_on_first_fail,
    }
    if limits is not None:
        body["limits"] = dict(limits)
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise SandboxError(f"sandbox: a test cannot be sent as JSON: {error}") from error


def _test(test: Test) -> dict[str, object]:
    match test:
        case StdinTest():
            return {"stdin": test.stdin, "stdout": test.stdout}
        case CallTest():
            return {"args": list(test.args), "kwargs": dict(test.kwargs), "expected": test.expected}
        case AssertTest():
            return {"assert": test.source}


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise SandboxError(f"sandbox: the answer is longer than {ANSWER_BYTES} bytes")
    return bytes(body)


def _invalid(body: bytes) -> ServiceError:
    """Tell a test that cannot be run, which is the caller's to change, from a request that is our fault."""
    try:
        complaint = _InvalidAnswer.model_validate_json(body).errors[0]
    except (ValidationError, IndexError):
        return SandboxError("sandbox: status 422")
    if complaint.field.startswith(("tests", "entry_point", "language")):
        return RequestError(complaint.field, complaint.message[:300])
    return SandboxError(f"sandbox: {complaint.field}: {complaint.message[:300]}")


def _refusal(status: int) -> SandboxError:
    if status in _BUSY:
        return SandboxBusyError("sandbox: its queue is full")
    return SandboxError(f"sandbox: status {status}")


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Read seconds; the header's other form, a date, is left to the doubling."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None


def _parse(body: bytes) -> _JudgeAnswer:
    """Read the answer. A program may print half of a surrogate pair: that is text to replace, not a fault."""
    try:
        value: JsonValue = json.loads(body)
        clean = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return _JudgeAnswer.model_validate_json(clean)
    except (ValueError, RecursionError) as error:
        fault = type(error).__name__ if not isinstance(error, ValidationError) else error.error_count()
        raise SandboxError(f"sandbox: its answer cannot be read ({fault})") from None


def _verdict(task: Task, answer: _JudgeAnswer) -> Verdict:
    if answer.verdict.outcome in _BLAMES_THE_SANDBOX:
        message = next((test.message for test in answer.verdict.tests if test.message), "no reason given")
        raise SandboxError(f"sandbox: {answer.verdict.outcome}: {message[:200]}")
    runs = tuple(_run(test) for test in answer.verdict.tests)
    if any(run.outcome in _BLAMES_THE_SANDBOX for run in runs):
        raise SandboxError("sandbox: a test ended in an internal error")
    if answer.verdict.total != len(task.tests) or len(runs) > len(task.tests):
        raise SandboxError("sandbox: its verdict is about other tests than those sent")
    return Verdict(
        outcome=answer.verdict.outcome,
        passed=answer.verdict.passed,
        total=answer.verdict.total,
        runs=runs,
        integrity=answer.integrity,
        tier=answer.tier,
    )


def _run(test: _TestAnswer) -> TestRun:
    return TestRun(
        outcome=test.outcome,
        actual=test.stdout if test.returned is None else test.returned,
        stdout=test.stdout,
        stderr=test.stderr,
        message=test.message or "",
        cpu_s=test.cpu_s,
        wall_s=test.wall_s,
        memory_bytes=test.memory_bytes,
    )
