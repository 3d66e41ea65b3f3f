"""The reward of one critique (paper 3.3): well-formed, and the generator's greedy revision passes all tests.

Knows no trainer: TRL, verl and OpenRLHF come to it through the small modules beside it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from service.domain.chat import Sampling
from service.domain.critique import Critique, Parsed
from service.domain.errors import ServiceError
from service.domain.parsing import parse_critique
from service.domain.ports import Generator, Sandbox
from service.domain.similarity import normalized
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict
from training.rewards.memo import Memo


@dataclass(frozen=True, slots=True)
class Submission:
    """A critique to score. `task` holds all tests, the hidden ones too; `right` is the draft's verdict."""

    id: str
    task: Task
    code: str
    text: str
    truncated: bool = False
    right: bool | None = None

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """Equal for submissions that must score the same."""
        return self.id, self.code, self.text, self.truncated


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


async def _unheard(_text: str) -> None:
    """Nobody watches a revision being written."""


@dataclass(slots=True)
class Reviser:
    """The frozen generator and the sandbox. Equal revisions and equal programs are paid for once."""

    generator: Generator
    sandbox: Sandbox
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
            candidate, _ = await self.generator.revise(submission.task, draft, critique, sampling, _unheard)
            return candidate.code

        return await self._revisions.get((submission.id, submission.code, critique.text), revise)

    async def _judged(self, submission: Submission, code: str) -> Verdict:
        """Programs that differ in names and layout only have one verdict (as in the paper's own code)."""
        key = (submission.id, normalized(code))
        return await self._verdicts.get(key, lambda: self.sandbox.judge(submission.task, Candidate(code)))


def unjudged_share(outcomes: Sequence[Outcome]) -> float:
    """Share of outcomes lost to broken parts."""
    return sum(o.passed is None for o in outcomes) / len(outcomes) if outcomes else 0.0
