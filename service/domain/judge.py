"""A judge at work on one case: the critic is asked, the tests are run, or both."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from service.domain.chat import Sampling, TokenUsage
from service.domain.critique import Judgment
from service.domain.errors import DeadlineError, RequestError, ServiceError
from service.domain.examination import examined
from service.domain.judging import Opinion, judge_candidate, nothing_to_judge
from service.domain.ports import Sandbox
from service.domain.refinement import Usage
from service.domain.roles import ChatCritic
from service.domain.ruling import Basis, Case, Mode, Ruling
from service.domain.verdict import Verdict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Judge:
    """Who judges, and how. Without tests `HYBRID` is the critic alone; `EXEC` cannot do without them."""

    critic: ChatCritic
    sandbox: Sandbox
    sampling: Sampling
    mode: Mode = Mode.CRITIQUE
    votes: int = 1
    stops_early: bool = False
    """Run no test after one that fails: enough for a score, too little to rank by how many pass."""
    concurrency: int = 16
    seconds: float = 900.0


@dataclass(slots=True)
class Evidence:
    """What the programs of one request wrote, as much of it as is kept."""

    left: int = 8 * 1024 * 1024

    def keep(self, verdict: Verdict) -> Verdict:
        """Keep what still finds room, or the bare verdict."""
        if verdict.characters > self.left:
            return verdict.without_outputs()
        self.left -= verdict.characters
        return verdict


@dataclass(frozen=True, slots=True)
class Sitting:
    """One request's worth of ruling: a deadline and places at the parts, shared by its cases."""

    judge: Judge
    deadline: float
    places: asyncio.Semaphore = field(init=False)
    evidence: Evidence = field(default_factory=Evidence)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", asyncio.Semaphore(self.judge.concurrency))

    async def rule(self, case: Case) -> Ruling:
        """Rule on a case: first the tests, then whom the mode names."""
        tested = await self.tested(case)
        if tested.error is not None or tested.score is not None:
            return tested
        return await self._step(tested, partial(self._asked, case, tested))

    async def tested(self, case: Case) -> Ruling:
        """Run the tests, where there are any; with a score where the mode lets them decide."""
        return await self._step(Ruling(), partial(self._tests, case))

    async def within(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do a part's work at a free place. Raises `DeadlineError` where time runs out."""
        try:
            async with asyncio.timeout_at(self.deadline) as limit, self.places:
                return await work()
        except TimeoutError:
            # Work that times out for reasons of its own is a bug in an adapter.
            if not limit.expired():
                raise
            raise DeadlineError("the programs were not judged in time; send fewer at once") from None

    async def _step(self, before: Ruling, work: Callable[[], Awaitable[Ruling]]) -> Ruling:
        """Go one step further; a part that fails leaves what was known before, and its error."""
        try:
            return await self.within(work)
        except ServiceError as error:
            return replace(before, error=error)

    async def _tests(self, case: Case) -> Ruling:
        if not case.candidate.code.strip():
            return self._nothing()
        if not case.task.tests:
            if self.judge.mode is Mode.EXEC:
                raise RequestError("tests", "mode exec judges by tests alone, and there are none")
            return Ruling()
        sandbox = self.judge.sandbox
        if self.judge.stops_early:
            return self._by_tests(await sandbox.judge(case.task, case.candidate, stop_on_first_fail=True))
        return self._by_tests(await examined(sandbox, case.task, case.candidate, self.deadline))

    def _by_tests(self, verdict: Verdict) -> Ruling:
        known = Ruling(verdict=self.evidence.keep(verdict), usage=Usage(sandbox_runs=1))
        decides = self.judge.mode is Mode.EXEC or (self.judge.mode is Mode.HYBRID and not verdict.accepted)
        if not decides:
            return known
        judgment = Judgment.CORRECT if verdict.accepted else Judgment.INCORRECT
        return replace(known, score=float(verdict.accepted), judgment=judgment, basis=Basis.TESTS)

    async def _asked(self, case: Case, before: Ruling) -> Ruling:
        judge = self.judge
        opinion = await judge_candidate(judge.critic, case.task, case.candidate, judge.sampling, judge.votes)
        basis = Basis.CRITIC if case.candidate.is_program else Basis.NO_CODE
        return _ruled(before, opinion, basis)

    def _nothing(self) -> Ruling:
        return _ruled(Ruling(), nothing_to_judge(self.judge.votes), Basis.NO_CODE)


def _ruled(before: Ruling, opinion: Opinion, basis: Basis) -> Ruling:
    judgment = opinion.votes.judgment
    calls = int(opinion.usage != TokenUsage())
    return replace(
        before,
        score=opinion.critique.score,
        judgment=judgment,
        basis=None if judgment is None else basis,
        votes=opinion.votes,
        critique=opinion.critique,
        usage=before.usage + Usage(opinion.usage, critic_calls=calls),
    )
