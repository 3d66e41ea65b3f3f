"""The sandbox service as a port of the domain: one HTTP call a judging, or a run.

A bad program is a `Verdict` or a `Run`. Whatever keeps the service from giving one is a `SandboxError`,
and says nothing about the candidate.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import ValidationError

from service.adapters.sandbox_answers import Answer, JudgeAnswer, RunAnswer, parse, run_of, verdict_of
from service.adapters.usual_imports import with_usual_imports
from service.domain.errors import RequestError, SandboxBusyError, SandboxError, ServiceError
from service.domain.run import Run
from service.domain.task import AssertTest, CallTest, Candidate, Equality, StdinTest, Task, Test
from service.domain.verdict import Verdict
from service.observing.propagation import trace_headers

ANSWER_BYTES = 32 * 1024 * 1024
"""Longest answer read: this bounds a sandbox gone wrong."""
SHOWN_BYTES = 2 * 1024 * 1024
"""What is asked for of what a program wrote in all its tests: JSON may spell it six times as long."""

_BUSY = (429, 503)
_AROUND_A_TEST_S = 8.0
"""What a test takes at most besides its limit: new boxes, and tests in a jail of their own, which wait."""


class _Complaint(Answer):
    field: str
    message: str


class _InvalidAnswer(Answer):
    errors: tuple[_Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try. A judging, and a run, is a pure function of its request: it may be sent again."""

    attempts: int = 4
    attempts_when_full: int | None = None
    """The same where the sandbox lives and its queue is full; None is no more than else."""
    first_wait_s: float = 0.2
    longest_wait_s: float = 5.0
    timeout_s: float = 60.0
    """Bound of what is not the program's own time: attempts, waits, a place in the sandbox's queue."""
    test_s: float = 20.0
    """Time that each test is given besides: a program may use up its limit in every one of them."""

    def bound_s(self, tests: int, cpu_s: float | None) -> float:
        """Bound of a judging. A test's own limit counts as the sandbox's clock does: three times over."""
        each_s = self.test_s if cpu_s is None else max(self.test_s, 3 * cpu_s + _AROUND_A_TEST_S)
        return self.timeout_s + tests * each_s

    def most_attempts(self, last: SandboxError) -> int:
        """How often to try in all where the last attempt failed so."""
        if self.attempts_when_full is not None and isinstance(last, SandboxBusyError):
            return self.attempts_when_full
        return self.attempts

    def wait_s(self, attempt: int, asked_s: float | None) -> float:
        """Double each wait, honour what the sandbox asked for, and scatter a herd."""
        wait_s = max(self.first_wait_s * 2.0**attempt, asked_s or 0.0)
        return min(wait_s, self.longest_wait_s) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter


class HttpSandbox:
    """The sandbox behind a URL."""

    def __init__(self, session: aiohttp.ClientSession, patience: Patience):
        self._session = session
        self._patience = patience
        self._last: tuple[bytes, bytes] = b"", b""

    def _tests(self, task: Task) -> bytes:
        """Write a task's tests, once for programs in a row: they may be megabytes, and the programs many."""
        if self._last[0] != task.key:
            self._last = task.key, _json([_test(test) for test in task.tests])
        return self._last[1]

    async def judge(
        self,
        task: Task,
        candidate: Candidate,
        *,
        stop_on_first_fail: bool = False,
        cpu_s: float | None = None,
    ) -> Verdict:
        """Run the task's tests on the candidate; `cpu_s` is this task's own limit for each test."""
        body = _request(task, candidate, cpu_s, self._tests(task), stop_on_first_fail=stop_on_first_fail)
        bound_s = self._patience.bound_s(len(task.tests), cpu_s)
        return verdict_of(task, parse(await self._answer("judge", body, bound_s), JudgeAnswer))

    async def run(self, code: str, *, stdin: str = "", language: str = "python") -> Run:
        """Run a program once, without judging it."""
        body = _json({"code": code, "stdin": stdin, "language": language})
        return run_of(parse(await self._answer("run", body, self._patience.bound_s(1, None)), RunAnswer))

    async def ping(self) -> None:
        """Raise `SandboxError` unless the sandbox says that it is ready."""
        try:
            async with self._session.get("ready", timeout=aiohttp.ClientTimeout(total=5)) as response:
                if response.status != 200:
                    raise SandboxError(f"sandbox: not ready (status {response.status})")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SandboxError(f"sandbox: {type(error).__name__}") from error

    async def _answer(self, path: str, body: bytes, bound_s: float) -> bytes:
        try:
            async with asyncio.timeout(bound_s):
                return await self._post(path, body)
        except TimeoutError:
            raise SandboxError(f"sandbox: no answer within {bound_s:g} s") from None

    async def _post(self, path: str, body: bytes) -> bytes:
        """Send a request until it is answered. Only what may pass by itself is tried again."""
        attempt = 0
        while True:
            asked_s: float | None = None
            try:
                async with self._session.post(
                    path, data=body, headers=_JSON | trace_headers(), allow_redirects=False
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
            if attempt + 1 >= self._patience.most_attempts(last):
                raise last
            await asyncio.sleep(self._patience.wait_s(attempt, asked_s))
            attempt += 1


_BY_VALUE = {"name": "floats", "abs": 0, "rel": 0}

_JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def http_sandbox(
    url: str, *, patience: Patience | None = None, connections: int = 32
) -> AsyncGenerator[HttpSandbox, None]:
    """Keep a pool of connections to the sandbox at `url`."""
    patience = patience or Patience()
    async with aiohttp.ClientSession(
        base_url=url.rstrip("/") + "/",
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
    ) as session:
        yield HttpSandbox(session, patience)


def _request(
    task: Task,
    candidate: Candidate,
    cpu_s: float | None,
    tests: bytes,
    *,
    stop_on_first_fail: bool,
) -> bytes:
    body: dict[str, Any] = {
        "code": with_usual_imports(candidate.code) if task.usual_imports else candidate.code,
        "language": task.language,
        "entry_point": task.entry_point,
        "stop_on_first_fail": stop_on_first_fail,
        "answer_bytes": SHOWN_BYTES,
    }
    if any(isinstance(test, StdinTest) and test.equality is Equality.NUMBERS for test in task.tests):
        body["checker"] = _BY_VALUE
    if cpu_s is not None:
        body["limits"] = {"cpu_s": cpu_s}
    return b'{"tests": %b, %b' % (tests, _json(body)[1:])


def _json(value: object) -> bytes:
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise SandboxError(f"sandbox: a test cannot be sent as JSON: {error}") from error


def _test(test: Test) -> dict[str, object]:
    match test:
        case StdinTest():
            return {"stdin": test.stdin, "stdout": test.stdout}
        case CallTest():
            call = {"args": list(test.args), "kwargs": dict(test.kwargs), "expected": test.expected}
            return call if test.equality is Equality.JSON else {**call, "equality": test.equality}
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
        return float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
