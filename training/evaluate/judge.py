"""Verdicts found while models write: they need none of them to go on, unless they are told what tests did."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, Self

from service.adapters.sandbox import http_sandbox
from service.domain.errors import RequestError, SandboxError
from service.domain.hints import hint
from service.domain.task import Candidate
from service.domain.verdict import Outcome, Verdict
from training.desk import Desk
from training.errors import StageError
from training.evaluate.posed import Posed
from training.judging import CONCURRENCY, PATIENCE
from training.tasks.records import mended_lines

_Key = tuple[str, str]
_Judging = tuple[Posed, str]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What an evaluation keeps of a verdict: whether the program is right, and the hint that it gives."""

    accepted: bool
    hint: str


def ruling_of(problem: Posed, verdict: Verdict) -> Ruling:
    """Shorten a verdict; raises `SandboxError` where it is none, and never guesses."""
    if verdict.outcome is Outcome.INTERNAL_ERROR:
        raise SandboxError(f"the sandbox could not judge a program for {problem.id}")
    return Ruling(verdict.accepted, hint(problem.judged_task, verdict))


class Judge(Protocol):
    """Runs a program on all tests of its problem."""

    def submit(self, problem: Posed, code: str) -> Future[Ruling]:
        """Return what the tests will have said; asking for it too early waits."""


class BackgroundJudge(Desk[_Judging, Ruling]):
    """Judges each program of a problem once, also over a restart: rulings are kept as they are found."""

    def __init__(self, sandbox_url: str, path: Path) -> None:
        """`path` holds a ruling a line; it is made if it is missing."""
        # The newest programs are those that somebody will wait for first.
        super().__init__(self._judging, CONCURRENCY, newest_first=True)
        self._url, self._path = sandbox_url, path
        self._rulings: dict[_Key, Future[Ruling]] = {}

    def __enter__(self) -> Self:
        for line in mended_lines(self._path):
            known: Future[Ruling] = Future()
            known.set_result(Ruling(line["accepted"], line["hint"]))
            self._rulings[line["problem"], line["code"]] = known
        return super().__enter__()

    def submit(self, problem: Posed, code: str) -> Future[Ruling]:
        """Start judging, or join who does."""
        key = problem.id, code
        known = self._rulings.get(key)
        if known is None or not known.done():
            self._rulings[key] = self.start((problem, code), known)
        return self._rulings[key]

    @asynccontextmanager
    async def _judging(self) -> AsyncGenerator[Callable[[_Judging], Awaitable[Ruling]], None]:
        with self._path.open("a", encoding="utf-8") as file:
            async with http_sandbox(self._url, patience=PATIENCE, connections=CONCURRENCY) as sandbox:

                async def judged(judging: _Judging) -> Ruling:
                    problem, code = judging
                    task, limit_s = problem.judged_task, problem.time_limit_s
                    try:
                        verdict = await sandbox.judge(task, Candidate(code), cpu_s=limit_s)
                    except RequestError as error:
                        raise StageError(
                            f"the tests of {problem.id} cannot be run: {error.field}: {error}: mend them, or "
                            "leave the problem out of its set"
                        ) from error
                    ruling = ruling_of(problem, verdict)
                    line = {"problem": problem.id, "code": code, **asdict(ruling)}
                    file.write(json.dumps(line) + "\n")
                    file.flush()
                    return ruling

                yield judged
