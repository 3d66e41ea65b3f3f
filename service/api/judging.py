"""Judging on behalf of a request, whichever contract it came by."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog

from service.api.refine_request import SamplingIn
from service.domain.bench import rule, spent
from service.domain.judge import Judge
from service.domain.refinement import Usage
from service.domain.ruling import Case, Mode, Ruling, Status
from service.observing import attributes as names
from service.observing.spans import Value
from service.services import ServedCritic, Services

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """How a request wants its programs judged."""

    served: ServedCritic
    mode: Mode = Mode.CRITIQUE
    votes: int = 1
    sampling: SamplingIn = field(default_factory=SamplingIn)
    stops_early: bool = False
    """Whether nothing but the score is told, so that tests after one that fails would be in vain."""

    @property
    def version(self) -> str:
        """What two judgings must share for their scores to compare."""
        return f"{self.served.card.version}+{self.mode}"

    def judge(self, services: Services) -> Judge:
        # The same request gives the same reward: a fixed seed, and no sampling for a single vote.
        steady = replace(self.served.critique, seed=0)
        if self.votes == 1:
            steady = replace(steady, temperature=0.0)
        return Judge(
            critic=self.served.critic,
            sandbox=services.sandbox,
            sampling=self.sampling.over(steady),
            mode=self.mode,
            votes=self.votes,
            stops_early=self.stops_early,
            concurrency=services.bounds.judge_concurrency,
            seconds=services.bounds.request_seconds,
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """The rulings, in the order of the cases, and what they took."""

    rulings: list[Ruling]
    usage: Usage
    seconds: float


async def judged(order: Order, cases: Sequence[Case], services: Services) -> Judged:
    """Rule on the cases, and log what came of it."""
    started = time.perf_counter()
    said: dict[str, Value] = {
        names.CRITIC: order.served.card.name,
        names.MODE: order.mode.value,
        names.VOTES: order.votes,
        names.SOLUTIONS: len(cases),
    }
    with services.spans.span(names.JUDGING, said) as note:
        rulings = await rule(order.judge(services), cases)
        note({names.FAILED: sum(ruling.error is not None for ruling in rulings)})
    seconds = time.perf_counter() - started
    for ruling in rulings:
        if ruling.error is not None:
            log.warning("candidate_not_judged", error=ruling.error.loggable)
    statuses = [ruling.status for ruling in rulings]
    log.info(
        "judge_finished",
        critic=order.served.card.name,
        mode=order.mode,
        solutions=len(rulings),
        ok=statuses.count(Status.OK),
        abstain=statuses.count(Status.ABSTAIN),
        error=statuses.count(Status.ERROR),
        seconds=round(seconds, 4),
    )
    return Judged(rulings, spent(cases, rulings), seconds)
