"""From verdicts to the wire: plain dictionaries, written once."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace

from starlette.responses import Response

from sandbox_runner.api.models import JudgeBody, RunBody, SummaryBody, TestBody
from sandbox_runner.api.problems import FieldError, InvalidRequestError
from sandbox_runner.domain import feedback
from sandbox_runner.domain.cases import PytestCase, Submission
from sandbox_runner.domain.verdict import Integrity, Outcome, TestResult, Tier, Verdict
from sandbox_runner.judging import Judge

_LEFT_OUT = "output left out: the answer is too long; ask for application/x-ndjson"


@dataclass(slots=True)
class Room:
    """How many characters of what was printed and returned one answer may still hold."""

    left: int
    whole: "Room | None" = None
    """What this is a part of."""

    def part(self, most: int | None) -> "Room":
        """The room of one submission, which may want no more than so much."""
        return self if most is None else Room(most, self)

    def fit(self, result: TestResult) -> TestResult:
        size = result.characters
        rooms = [self] if self.whole is None else [self, self.whole]
        if all(size <= room.left for room in rooms):
            for room in rooms:
                room.left -= size
            return result
        return replace(
            result,
            stdout="",
            stderr="",
            message=f"{result.message}\n{_LEFT_OUT}".strip(),
            returned=None,
            error=None,
            difference=None,
            raw_stdout=None,
            truncated=True,
        )


@dataclass(slots=True)
class Tally:
    """The verdict so far, without the results."""

    total: int
    outcome: Outcome = Outcome.ACCEPTED
    passed: int = 0
    integrity: Integrity = Integrity.STRONG

    def add(self, result: TestResult) -> None:
        if result.integrity is Integrity.WEAK:
            self.integrity = Integrity.WEAK
        if result.outcome is Outcome.ACCEPTED:
            self.passed += 1
        elif self.outcome is Outcome.ACCEPTED:
            self.outcome = result.outcome

    def body(self) -> SummaryBody:
        return {"outcome": self.outcome, "passed": self.passed, "total": self.total}


async def verdict_of(judge: Judge, submission: Submission, room: Room) -> Verdict:
    async with aclosing(valid_results(judge, submission)) as results:
        return Verdict.of([room.fit(result) async for result in results], len(submission.cases))


async def valid_results(judge: Judge, submission: Submission) -> AsyncGenerator[TestResult, None]:
    """The results, up to that of a test that can judge no program: this is the request's fault."""
    number = 0
    async with aclosing(judge.results(submission)) as results:
        async for result in results:
            if result.outcome is Outcome.INVALID_TEST:
                member = "pytest" if isinstance(submission.cases[number], PytestCase) else "assert"
                raise InvalidRequestError(FieldError(f"tests.{number}.{member}", result.message))
            yield result
            number += 1


def json_response(body: Mapping[str, object]) -> Response:
    return Response(to_json(body), media_type="application/json")


def to_json(body: Mapping[str, object]) -> bytes:
    # ASCII only: half of a surrogate pair is no UTF-8, and has a spelling in JSON.
    return json.dumps(body, separators=(",", ":")).encode()


def test_body(result: TestResult) -> TestBody:
    return {
        "outcome": result.outcome,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "cpu_s": result.cpu_s,
        "wall_s": result.wall_s,
        "memory_bytes": result.memory_bytes,
        "message": result.message,
        "returned": result.returned,
        "limit": result.limit,
        "signal": result.signal,
    }


def judge_body(submission: Submission, verdict: Verdict, tier: Tier) -> JudgeBody:
    told = feedback.of_verdict(submission.code, submission.cases, verdict.tests, _shown(submission))
    return {
        "verdict": {
            "outcome": verdict.outcome,
            "passed": verdict.passed,
            "total": verdict.total,
            "tests": [test_body(test) for test in verdict.tests],
            "feedback": None if told is None else told.text,
        },
        "integrity": verdict.integrity,
        "tier": tier,
    }


def _shown(submission: Submission) -> tuple[bool, ...]:
    return submission.public or (False,) * len(submission.cases)


def run_body(result: TestResult, tier: Tier) -> RunBody:
    return {
        "outcome": result.outcome,
        "exit_code": result.exit_code,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "cpu_s": result.cpu_s,
        "wall_s": result.wall_s,
        "memory_bytes": result.memory_bytes,
        "message": result.message,
        "tier": tier,
    }
