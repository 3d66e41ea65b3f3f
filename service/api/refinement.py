"""Wire form of a refinement: every round, and what came of it."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from service.api.models import ModelOut, notice
from service.api.refine_request import RefineRequest
from service.domain.critique import Critique, Judgment, Parsed
from service.domain.refinement import Feedback, Refinement, Round, StopReason, Usage
from service.domain.verdict import Outcome, Verdict


class Out(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(frozen=True)


class CritiqueOut(Out):
    """What the critic wrote. `parsed` says how it was read."""

    analysis: str
    suggestions: str
    judgment: Judgment | None
    score: float | None
    parsed: Parsed
    text: str

    @classmethod
    def of(cls, critique: Critique) -> Self:
        return cls(
            analysis=critique.analysis,
            suggestions=critique.suggestions,
            judgment=critique.judgment,
            score=critique.score,
            parsed=critique.parsed,
            text=critique.text,
        )


class TestRunOut(Out):
    """What one test did."""

    outcome: Outcome
    stdout: str
    stderr: str
    actual: str
    message: str
    cpu_s: float
    wall_s: float
    memory_bytes: int


class VerdictOut(Out):
    """What the sandbox concluded."""

    outcome: Outcome
    passed: int
    total: int
    integrity: str
    tier: str
    tests: list[TestRunOut]

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        return cls(
            outcome=verdict.outcome,
            passed=verdict.passed,
            total=verdict.total,
            integrity=verdict.integrity,
            tier=verdict.tier,
            tests=[
                TestRunOut(
                    outcome=run.outcome,
                    stdout=run.stdout,
                    stderr=run.stderr,
                    actual=run.actual,
                    message=run.message,
                    cpu_s=run.cpu_s,
                    wall_s=run.wall_s,
                    memory_bytes=run.memory_bytes,
                )
                for run in verdict.runs
            ],
        )


class UsageOut(Out):
    """What was spent."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    generator_calls: int
    critic_calls: int
    sandbox_runs: int

    @classmethod
    def of(cls, usage: Usage) -> Self:
        return cls(
            prompt_tokens=usage.tokens.prompt_tokens,
            cached_tokens=usage.tokens.cached_tokens,
            completion_tokens=usage.tokens.completion_tokens,
            generator_calls=usage.generator_calls,
            critic_calls=usage.critic_calls,
            sandbox_runs=usage.sandbox_runs,
        )


class RoundOut(Out):
    """One candidate with what was said of it; round 0 is the draft."""

    candidate: int
    round: int
    solution: str
    edit_similarity: float | None
    critique: CritiqueOut | None
    verdict: VerdictOut | None
    usage: UsageOut
    seconds: float

    @classmethod
    def of(cls, a_round: Round) -> Self:
        return cls(
            candidate=a_round.chain,
            round=a_round.index,
            solution=a_round.candidate.code,
            edit_similarity=a_round.edit_similarity,
            critique=None if a_round.critique is None else CritiqueOut.of(a_round.critique),
            verdict=None if a_round.verdict is None else VerdictOut.of(a_round.verdict),
            usage=UsageOut.of(a_round.usage),
            seconds=round(a_round.seconds, 6),
        )


class Selected(Out):
    """Which round's candidate is the answer."""

    candidate: int
    round: int


class ModelsOut(Out):
    """Who wrote and who reviewed."""

    generator: ModelOut
    critic: ModelOut


class RefinementOut(Out):
    """A finished refinement."""

    id: str
    object: Literal["refinement"] = "refinement"
    status: Literal["completed"] = "completed"
    stop_reason: StopReason
    solution: str
    selected: Selected
    judgment: Judgment | None
    score: float | None
    tests_passed: bool | None
    feedback: Feedback
    """`tests`: the critic was told what the tests did. Results of the two kinds do not compare."""
    rounds: list[RoundOut]
    usage: UsageOut
    models: ModelsOut
    notice: str | None
    metadata: Mapping[str, str]
    created: int
    seconds: float


def refinement_out(
    refinement: Refinement,
    request: RefineRequest,
    models: ModelsOut,
    *,
    refinement_id: str,
    created: int,
) -> RefinementOut:
    """Tell a refinement."""
    selected = refinement.selected
    return RefinementOut(
        id=refinement_id,
        stop_reason=refinement.stop_reason,
        solution=selected.candidate.code,
        selected=Selected(candidate=selected.chain, round=selected.index),
        judgment=None if selected.critique is None else selected.critique.judgment,
        score=None if selected.critique is None else selected.critique.score,
        tests_passed=None if selected.verdict is None else selected.verdict.accepted,
        feedback=request.feedback,
        rounds=[RoundOut.of(a_round) for a_round in refinement.rounds],
        usage=UsageOut.of(refinement.usage),
        models=models,
        notice=notice(models.generator, models.critic),
        metadata=request.metadata,
        created=created,
        seconds=round(refinement.seconds, 6),
    )
