"""The reward of one critique (paper 3.3): well-formed, and the generator's greedy revision passes all tests.

Knows no trainer: TRL, verl and OpenRLHF come to it through the small modules beside it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from service.domain.chat import Sampling
from service.domain.critique import Critique, Parsed
from service.domain.errors import ServiceError
from service.domain.normal_form import normalized
from service.domain.parsing import parse_critique
from service.domain.ports import Generator
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict
from training.rewards.memo import Memo
from training.run import Record
from training.tasks.pipeline import Pipeline
from training.tasks.records import reference_of, task_of, time_limit_of


@dataclass(frozen=True, slots=True)
class Target:
    """What a revision is judged by. `task` holds all tests, the hidden ones too."""

    id: str
    task: Task
    limit_s: float | None = None
    """CPU seconds of a test; None takes the sandbox's own."""
    reference: Pipeline | None = None
    """What a careful reviewer compares with; only the mini world has one, and no reward depends on it."""


def target_of(record: Record) -> Target:
    """The target of a line of `tasks.jsonl`."""
    return Target(
        str(record["id"]), task_of(record, hidden=True), time_limit_of(record), reference_of(record)
    )


@dataclass(frozen=True, slots=True)
class Submission:
    """A critique of the draft `code` to score; `right` is the draft's verdict."""

    target: Target
    code: str
    text: str
    truncated: bool = False
    right: bool | None = None

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """Equal for submissions that must score the same."""
        return self.target.id, self.code, self.text, self.truncated


Span = tuple[float, float]
"""When something went on: start and end, in seconds of `time.monotonic`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a critique. `passed` None: some part broke, which says nothing about the critique."""

    critique: Critique
    passed: bool | None
    revision: str | None = None
    verdict: Verdict | None = None
    error: str | None = None
    revised: Span | None = None
    judged: Span | None = None


class TimedSandbox(Protocol):
    """A sandbox that takes a time limit for each task, and may stop at the first test that fails."""

    async def judge(
        self, task: Task, candidate: Candidate, *, stop_on_first_fail: bool, cpu_s: float | None
    ) -> Verdict:
        """Run the task's tests on the candidate. A broken sandbox is a `SandboxError`."""


@dataclass(slots=True)
class Reviser:
    """The frozen generator and the sandbox. Equal revisions and equal programs are paid for once."""

    generator: Generator
    sandbox: TimedSandbox
    max_tokens: int
    _revisions: Memo[tuple[str, str, str], str] = field(default_factory=Memo)
    _verdicts: Memo[tuple[str, str], Verdict] = field(default_factory=Memo)

    async def outcome(self, submission: Submission) -> Outcome:
        """Follow the critique and judge the result. Broken parts are told in the outcome, never raised."""
        critique = parse_critique(submission.text, truncated=submission.truncated)
        if critique.parsed is not Parsed.STRICT:
            return Outcome(critique, passed=False)
        started = time.monotonic()
        try:
            revision = await self._revised(submission, critique)
            revised = time.monotonic()
            verdict = await self._judged(submission, revision)
        except ServiceError as error:
            return Outcome(critique, passed=None, error=f"{type(error).__name__}: {error}")
        spans = (started, revised), (revised, time.monotonic())
        return Outcome(critique, verdict.accepted, revision, verdict, None, *spans)

    async def _revised(self, submission: Submission, critique: Critique) -> str:
        sampling = Sampling(temperature=0.0, max_tokens=self.max_tokens)

        async def revise() -> str:
            draft = Candidate(submission.code)
            candidate, _ = await self.generator.revise(
                submission.target.task, draft, critique, sampling, None
            )
            return candidate.code

        return await self._revisions.get((submission.target.id, submission.code, critique.text), revise)

    async def _judged(self, submission: Submission, code: str) -> Verdict:
        """Programs that differ in names and layout only have one verdict (as in the paper's own code)."""
        key = (submission.target.id, normalized(code))

        async def judge() -> Verdict:
            task, limit_s = submission.target.task, submission.target.limit_s
            return await self.sandbox.judge(task, Candidate(code), stop_on_first_fail=True, cpu_s=limit_s)

        return await self._verdicts.get(key, judge)


def unjudged_share(outcomes: Sequence[Outcome]) -> float:
    """Share of outcomes lost to broken parts."""
    return sum(o.passed is None for o in outcomes) / len(outcomes) if outcomes else 0.0
