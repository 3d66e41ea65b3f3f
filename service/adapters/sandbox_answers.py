"""What the sandbox service answers, read: a bad program is a verdict or a run, a bad answer an error."""

import json
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from service.domain.errors import SandboxError
from service.domain.run import Run
from service.domain.task import Task
from service.domain.verdict import Outcome, TestRun, Verdict

_BLAMES_THE_SANDBOX = (Outcome.INTERNAL_ERROR, Outcome.CANCELLED)


class Answer(BaseModel):
    """Fields of the sandbox's answer that are read here; it may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class TestAnswer(Answer):
    outcome: Outcome
    stdout: str = ""
    stderr: str = ""
    message: str | None = None
    returned: str | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_bytes: int = 0


class VerdictAnswer(Answer):
    outcome: Outcome
    passed: int
    total: int
    tests: tuple[TestAnswer, ...] = ()


class JudgeAnswer(Answer):
    verdict: VerdictAnswer
    integrity: Literal["strong", "weak"] = "strong"
    tier: str = ""


class RunAnswer(Answer):
    outcome: Outcome
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    message: str | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_bytes: int = 0
    tier: str = ""


AnswerT = TypeVar("AnswerT", bound=Answer)


def parse(body: bytes, kind: type[AnswerT]) -> AnswerT:
    """Read the answer. A program may print half of a surrogate pair: that is text to replace, not a fault."""
    try:
        value: JsonValue = json.loads(body)
        clean = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return kind.model_validate_json(clean)
    except (ValueError, RecursionError) as error:
        fault = type(error).__name__ if not isinstance(error, ValidationError) else error.error_count()
        raise SandboxError(f"sandbox: its answer cannot be read ({fault})") from None


def verdict_of(task: Task, answer: JudgeAnswer) -> Verdict:
    """Read a verdict about the task's own tests."""
    message = next((test.message for test in answer.verdict.tests if test.message), None)
    _check_blame(answer.verdict.outcome, message)
    runs = tuple(_test_run(test) for test in answer.verdict.tests)
    if any(run.outcome in _BLAMES_THE_SANDBOX for run in runs):
        raise SandboxError("sandbox: a test ended in an internal error")
    if answer.verdict.total != len(task.tests) or len(runs) > len(task.tests):
        raise SandboxError("sandbox: its verdict is about other tests than those sent")
    passed = sum(run.outcome is Outcome.ACCEPTED for run in runs)
    accepted = answer.verdict.outcome is Outcome.ACCEPTED
    shown = any(run.outcome is answer.verdict.outcome for run in runs)
    if passed != answer.verdict.passed or accepted != (passed == len(task.tests)) or not shown:
        raise SandboxError("sandbox: its verdict contradicts its own tests")
    return Verdict(
        outcome=answer.verdict.outcome,
        passed=answer.verdict.passed,
        total=answer.verdict.total,
        runs=runs,
        integrity=answer.integrity,
        tier=answer.tier,
    )


def run_of(answer: RunAnswer) -> Run:
    """Read a run."""
    _check_blame(answer.outcome, answer.message)
    return Run(
        outcome=answer.outcome,
        exit_code=answer.exit_code,
        stdout=answer.stdout,
        stderr=answer.stderr,
        message=answer.message or "",
        cpu_s=answer.cpu_s,
        wall_s=answer.wall_s,
        memory_bytes=answer.memory_bytes,
        tier=answer.tier,
    )


def _check_blame(outcome: Outcome, message: str | None) -> None:
    if outcome in _BLAMES_THE_SANDBOX:
        raise SandboxError(f"sandbox: {outcome}: {(message or 'no reason given')[:200]}")


def _test_run(test: TestAnswer) -> TestRun:
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
