"""Rewards found while the caller goes on sampling."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from training.desk import Desk
from training.rewards.outcome import Outcome, Span, Submission

_KEPT = 50_000


class Scorer(Protocol):
    """Finds the outcome of one critique."""

    async def outcome(self, submission: Submission) -> Outcome:
        """Return the outcome; a broken part is told in it."""


Open = Callable[[], AbstractAsyncContextManager[Scorer]]


@dataclass(slots=True)
class Work:
    """When revisions were written and when programs were judged."""

    revising: list[Span] = field(default_factory=list)
    judging: list[Span] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Note when an outcome was worked on."""
        self.revising += [outcome.revised] if outcome.revised else []
        self.judging += [outcome.judged] if outcome.judged else []


class RewardDesk(Desk[Submission, Outcome]):
    """Takes critiques at any time and scores up to `concurrency` of them at once; equal ones once."""

    def __init__(self, scorer: Open, concurrency: int) -> None:
        """Entering opens generator and sandbox, and raises what keeps them from opening."""
        super().__init__(self._scoring, concurrency)
        self._scorer = scorer
        self._futures: OrderedDict[tuple[str, str, str, bool], Future[Outcome]] = OrderedDict()
        self._work_done = Work()

    def submit(self, submission: Submission) -> Future[Outcome]:
        """Start scoring a critique, or join who does. Outcomes lost to a broken part are tried anew."""
        known = self._futures.get(submission.key)
        if known is not None and not (known.done() and known.result().passed is None):
            return known
        future = self._futures[submission.key] = self.start(submission)
        if len(self._futures) > _KEPT:
            self._futures.popitem(last=False)
        return future

    def work(self) -> Work:
        """Give and forget what was done since last asked."""
        work, self._work_done = self._work_done, Work()
        return work

    @asynccontextmanager
    async def _scoring(self) -> AsyncGenerator[Callable[[Submission], Awaitable[Outcome]], None]:
        async with self._scorer() as scorer:

            async def scored(submission: Submission) -> Outcome:
                outcome = await scorer.outcome(submission)
                self._work_done.add(outcome)
                return outcome

            yield scored
