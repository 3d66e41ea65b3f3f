"""A refinement at work: the domain's loop between a request and its answer."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import structlog

from service.allowance import Allowance
from service.api.events import RoundEvent, frame_of
from service.api.jobs.checkpoint import restored
from service.api.models import ModelOut, notice
from service.api.problems import problem_of
from service.api.refine_request import RefineRequest
from service.api.refinement import ModelsOut, RefinementOut, refinement_out
from service.api.streaming import Frame
from service.api.watching import watch_round, watched_refinement
from service.caller import caller
from service.domain.errors import DeadlineError, RequestError, ServiceError
from service.domain.events import Event, RefinementCompleted, RoundFinished
from service.domain.loop import RefineSampling, Roles, Rules, Start, refine
from service.domain.refinement import Budget, Refinement, Round, StopReason
from service.services import ServedCritic, ServedGenerator, Services
from service.store import Job

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refining:
    """One refinement, checked and ready to run once."""

    id: str
    created: int
    request: RefineRequest
    services: Services
    generator: ServedGenerator
    critic: ServedCritic
    events: AsyncGenerator[Event, None]
    finished: list[Round]
    """Rounds that would not have to be done again."""
    left_to_others: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it ends here and goes on elsewhere, where it is counted."""
    is_put_off: Callable[[ServiceError], bool] = lambda _: False
    """Whether it goes on later, where a failure would end it now."""

    @classmethod
    def of(cls, request: RefineRequest, services: Services, *, heard: bool = True) -> Self:
        """Prepare; what cannot be done at all is a `RequestError` here. Unheard, it tells its end alone."""
        id_, now = f"rf_{secrets.token_hex(16)}", int(time.time())
        new = Job(id=id_, request="", created=now, background=False)
        return cls._prepare(new, request, services, heard=heard)

    @classmethod
    def resumed(cls, job: Job, services: Services, is_read: Callable[[], bool]) -> Self:
        """Prepare what somebody else began: it goes on after the rounds that are finished.

        While nobody reads it, and nobody asked for a stream, completions are asked for whole.
        """
        request = RefineRequest.model_validate_json(job.request)
        return cls._prepare(job, request, services, lambda: request.stream or is_read())

    @classmethod
    def _prepare(
        cls,
        job: Job,
        request: RefineRequest,
        services: Services,
        is_read: Callable[[], bool] = lambda: True,
        *,
        heard: bool = True,
    ) -> Self:
        generator, critic = services.generator(request.generator), services.critic(request.critic)
        rounds, bounds = restored(job.rounds), services.bounds
        patience_s = bounds.request_seconds if job.background else bounds.queue_s
        return cls(
            id=job.id,
            created=job.created,
            request=request,
            services=services,
            generator=generator,
            critic=critic,
            events=refine(
                request.to_task(),
                _rules(request, services, heard=heard),
                Roles(
                    generator.generator,
                    critic.critic,
                    services.sandbox,
                    partial(watch_round, services.spans),
                    is_read,
                    Allowance.of(services.limits, caller().tenant, patience_s),
                ),
                _sampling(request, generator, critic),
                Start(request.solution, rounds),
            ),
            finished=list(rounds),
        )

    @property
    def rounds(self) -> int:
        """How many revisions there may be."""
        return _rules(self.request, self.services).budget.max_rounds

    async def result(self) -> RefinementOut:
        """Run to the end and tell all of it."""
        with self.services.gate.admit():
            try:
                async with asyncio.timeout(self.limit_s), aclosing(self.run()) as events:
                    async for event in events:
                        if isinstance(event, RefinementCompleted):
                            return self._out(event.refinement)
            except TimeoutError:
                raise DeadlineError("the refinement did not end in time") from None
        raise AssertionError("a refinement that does not fail ends with RefinementCompleted")

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Run, and tell each event as it happens; a failure is the last event."""
        with self.services.gate.admit():
            yield self.created_frame("in_progress")
            try:
                async with aclosing(self.run()) as events:
                    async for event in events:
                        if not isinstance(event, RoundFinished):
                            yield self.frame(event)
            except ServiceError as error:
                yield failure_of(self.id, error)
            except Exception as error:
                log.exception("refinement_crashed", refinement=self.id)
                yield failure_of(self.id, error)

    async def happenings(self) -> AsyncGenerator[Event, None]:
        """Run, and pass on what happens, for a door that has words of its own for it."""
        with self.services.gate.admit():
            async with aclosing(self.run()) as events:
                async for event in events:
                    yield event

    @property
    def limit_s(self) -> float:
        """When the loop is ended from outside."""
        return self.services.bounds.request_seconds + self.services.bounds.grace_s

    async def run(self) -> AsyncGenerator[Event, None]:
        """Pass the loop's events on, and count how it ended."""
        ended, refinement, failure = "failed", None, {}
        with watched_refinement(self.services.spans, self.id, self._names) as watching:
            try:
                async with aclosing(self.events) as events:
                    async for event in events:
                        if isinstance(event, RefinementCompleted):
                            ended, refinement = event.refinement.stop_reason.value, event.refinement
                        elif isinstance(event, RoundFinished):
                            self.finished.append(event.round)
                        yield event
            except (GeneratorExit, asyncio.CancelledError):
                ended = "cancelled" if refinement is None else ended
                raise
            except ServiceError as error:
                ended = "put_off" if self.is_put_off(error) else _ended_by(error)
                failure = {"error": error.loggable}
                raise
            finally:
                if self.left_to_others.is_set() and refinement is None:
                    ended = "left_to_others"
                if ended not in {"left_to_others", "put_off"}:
                    self.services.telemetry.refinement_finished(ended, refinement)
                watching(ended, refinement)
                self._log(ended, refinement, failure)

    def frame(self, event: RoundEvent | RefinementCompleted) -> Frame:
        """Tell an event."""
        if isinstance(event, RefinementCompleted):
            return Frame("refinement.completed", self._out(event.refinement).model_dump(mode="json"))
        return frame_of(event, self.id)

    def created_frame(self, status: str) -> Frame:
        """Tell that there is one: always the first event."""
        models = self._models()
        return Frame(
            "refinement.created",
            {
                "id": self.id,
                "object": "refinement",
                "status": status,
                "models": models.model_dump(mode="json"),
                "notice": notice(models.generator, models.critic),
                "created": self.created,
            },
        )

    @property
    def _names(self) -> tuple[str, str]:
        return self.generator.card.name, self.critic.card.name

    def _models(self) -> ModelsOut:
        return ModelsOut(generator=ModelOut.of(self.generator.card), critic=ModelOut.of(self.critic.card))

    def _out(self, refinement: Refinement) -> RefinementOut:
        return refinement_out(
            refinement, self.request, self._models(), refinement_id=self.id, created=self.created
        )

    def _log(self, ended: str, refinement: Refinement | None, failure: dict[str, str]) -> None:
        rounds = () if refinement is None else refinement.rounds
        for a_round in rounds:
            log.info(
                "round_finished",
                refinement=self.id,
                candidate=a_round.chain,
                round=a_round.index,
                code_sha256=hashlib.sha256(a_round.candidate.code.encode(errors="replace")).hexdigest()[:12],
                code_chars=len(a_round.candidate.code),
                judgment=None if a_round.critique is None else a_round.critique.judgment,
                outcome=None if a_round.verdict is None else a_round.verdict.outcome,
                seconds=round(a_round.seconds, 4),
            )
        log.info(
            "refine_finished",
            refinement=self.id,
            ended=ended,
            rounds=len(rounds),
            generator=self.generator.card.name,
            critic=self.critic.card.name,
            **failure,
        )


def _ended_by(error: ServiceError) -> str:
    """What to count: a request that cannot be carried out, or only not in its time, is no fault of ours."""
    if isinstance(error, RequestError):
        return "refused"
    return StopReason.DEADLINE.value if isinstance(error, DeadlineError) else "failed"


def failure_of(refinement_id: str, error: Exception) -> Frame:
    """Tell that a refinement failed, and of what."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    problem = problem_of(error, instance=f"/refine/{refinement_id}", request_id=request_id)
    return Frame(
        "refinement.failed",
        {
            "id": refinement_id,
            "status": "failed",
            "problem": problem.model_dump(mode="json", exclude_none=True),
        },
    )


def _rules(request: RefineRequest, services: Services, *, heard: bool = True) -> Rules:
    longest_s = services.bounds.request_seconds
    seconds = longest_s if request.budget.seconds is None else min(request.budget.seconds, longest_s)
    rounds = services.bounds.default_rounds if request.rounds is None else request.rounds
    return Rules(
        budget=Budget(rounds, request.budget.completion_tokens, seconds),
        candidates=request.candidates,
        stop=request.stop,
        feedback=request.feedback,
        select=request.select,
        deltas=request.stream or request.background,  # whoever comes by may read along
        heard=heard,
    )


def _sampling(request: RefineRequest, generator: ServedGenerator, critic: ServedCritic) -> RefineSampling:
    return RefineSampling(
        propose=request.sampling.over(generator.propose),
        critique=request.sampling.over(critic.critique),
        revise=request.sampling.over(generator.revise),
    )
