"""`POST /judge`: the critic as a reward model, with the caller's tests run where given."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Body, Request
from pydantic import Field

from service.api.disconnect import unless_disconnected
from service.api.models import ModelOut, notice
from service.api.problems import Problem, problem_of
from service.api.refine_request import SamplingIn
from service.api.refinement import CritiqueOut, Out, UsageOut, VerdictOut
from service.api.routing import ServicesDep, StrictRoute
from service.api.task import CodeText, ModelName, TaskFields, candidate_of
from service.domain.chat import Sampling, TokenUsage
from service.domain.critique import Judgment
from service.domain.errors import DeadlineError, ServiceError
from service.domain.judging import Opinion, judge_candidate
from service.domain.refinement import Usage
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict
from service.services import ServedCritic, Services

log = structlog.get_logger(__name__)

router = APIRouter(route_class=StrictRoute, tags=["judge"])

SOLUTIONS = 512
VOTES = 64


class JudgeRequest(TaskFields):
    """A problem and programs for it."""

    solutions: list[CodeText] = Field(max_length=SOLUTIONS)
    votes: int = Field(default=1, ge=1, le=VOTES, description="Critiques asked for of each program.")
    critic: ModelName | None = None
    sampling: SamplingIn = Field(
        default=SamplingIn(), description="Null: seed 0, and temperature 0 for a single vote."
    )


class VotesOut(Out):
    """How the critiques judged."""

    correct: int = 0
    incorrect: int = 0
    unparsed: int = 0


class JudgeResult(Out):
    """One program's result. Only `ok` has a score: what was not judged is worth nothing, not 0.

    `abstain`: the critic answered, and its judgment cannot be told. `error`: a part failed.
    """

    status: Literal["ok", "abstain", "error"]
    score: float | None
    judgment: Judgment | None
    votes: VotesOut
    critique: CritiqueOut | None
    verdict: VerdictOut | None
    error: Problem | None


class JudgeResponse(Out):
    """Results in the order of the solutions, and the solutions' indices from best to worst."""

    object: Literal["judging"] = "judging"
    results: list[JudgeResult]
    ranking: list[int]
    """By tests passed, then by score; what was not judged comes last."""
    best: int | None
    judge_version: str
    """Changes when the critic's weights or wording do: equal versions make equal rewards."""
    usage: UsageOut
    model: ModelOut
    notice: str | None
    seconds: float


@router.post("/judge")
async def judge(
    body: Annotated[JudgeRequest, Body()], request: Request, services: ServicesDep
) -> JudgeResponse:
    """Score programs. A part's failure is an item's `error`, never a score of 0."""
    judging = _Judging(body, services.critic(body.critic), services)
    return await unless_disconnected(request.receive, judging.response())


class _Judging:
    """One request at work."""

    def __init__(self, body: JudgeRequest, served: ServedCritic, services: Services):
        self._body = body
        self._served = served
        self._services = services
        self._task = body.to_task()
        self._sampling = _reproducible(body, served.critique)
        self._places = asyncio.Semaphore(services.bounds.judge_concurrency)
        self._usage = Usage()

    async def response(self) -> JudgeResponse:
        started = time.perf_counter()
        with self._services.gate.admit():
            results = await self._results()
        model = ModelOut.of(self._served.card)
        ranking = _ranking(results)
        self._log(results, time.perf_counter() - started)
        return JudgeResponse(
            results=results,
            ranking=ranking,
            best=ranking[0] if ranking and _is_judged(results[ranking[0]]) else None,
            judge_version=self._served.card.version,
            usage=UsageOut.of(self._usage),
            model=model,
            notice=notice(model),
            seconds=round(time.perf_counter() - started, 6),
        )

    async def _results(self) -> list[JudgeResult]:
        """Judge equal programs once."""
        candidates = [candidate_of(solution) for solution in self._body.solutions]
        try:
            async with (
                asyncio.timeout(self._services.bounds.request_seconds),
                asyncio.TaskGroup() as group,
            ):
                judged = {
                    code: group.create_task(self._result(Candidate(code)))
                    for code in dict.fromkeys(candidate.code for candidate in candidates)
                }
        except TimeoutError:
            raise DeadlineError("the programs were not judged in time; send fewer at once") from None
        return [judged[candidate.code].result() for candidate in candidates]

    async def _result(self, candidate: Candidate) -> JudgeResult:
        opinion: Opinion | None = None
        verdict: Verdict | None = None
        try:
            async with self._places:
                verdict = await self._verdict(self._task, candidate)
                opinion = await judge_candidate(
                    self._served.critic, self._task, candidate, self._sampling, self._body.votes
                )
        except ServiceError as error:
            log.warning("candidate_not_judged", error=str(error)[:200])
            return _result(opinion, verdict, error)
        self._usage += Usage(opinion.usage, critic_calls=int(opinion.usage != TokenUsage()))
        return _result(opinion, verdict, None)

    async def _verdict(self, task: Task, candidate: Candidate) -> Verdict | None:
        if not task.tests or not candidate.code.strip():
            return None
        verdict = await self._services.sandbox.judge(task, candidate)
        self._usage += Usage(sandbox_runs=1)
        return verdict

    def _log(self, results: Sequence[JudgeResult], seconds: float) -> None:
        statuses = [result.status for result in results]
        log.info(
            "judge_finished",
            critic=self._served.card.name,
            solutions=len(results),
            ok=statuses.count("ok"),
            abstain=statuses.count("abstain"),
            error=statuses.count("error"),
            seconds=round(seconds, 4),
        )


def _reproducible(body: JudgeRequest, default: Sampling) -> Sampling:
    """Make the same request give the same reward: a fixed seed, and no sampling for a single vote."""
    steady = replace(default, seed=0)
    if body.votes == 1:
        steady = replace(steady, temperature=0.0)
    return body.sampling.over(steady)


def _result(opinion: Opinion | None, verdict: Verdict | None, error: ServiceError | None) -> JudgeResult:
    judgment = None if opinion is None else opinion.votes.judgment
    status: Literal["ok", "abstain", "error"] = "ok" if judgment is not None else "abstain"
    return JudgeResult(
        status="error" if error is not None else status,
        score=None if opinion is None or judgment is None or error is not None else opinion.critique.score,
        judgment=judgment,
        votes=VotesOut()
        if opinion is None
        else VotesOut(
            correct=opinion.votes.correct,
            incorrect=opinion.votes.incorrect,
            unparsed=opinion.votes.unparsed,
        ),
        critique=None if opinion is None else CritiqueOut.of(opinion.critique),
        verdict=None if verdict is None else VerdictOut.of(verdict),
        error=None if error is None else problem_of(error),
    )


def _ranking(results: Sequence[JudgeResult]) -> list[int]:
    """Order the indices from best to worst; equals keep the order they came in."""

    def key(index: int) -> tuple[bool, float, bool, float]:
        result = results[index]
        score, verdict = result.score, result.verdict
        passed = verdict.passed / verdict.total if verdict is not None and verdict.total else 0.0
        return (not _is_judged(result), -passed, score is None, -(score or 0.0))

    return sorted(range(len(results)), key=key)


def _is_judged(result: JudgeResult) -> bool:
    """Whether anything is known of the program: what the critic thinks, or what the tests did."""
    return result.score is not None or result.verdict is not None
