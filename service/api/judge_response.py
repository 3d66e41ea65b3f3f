"""Wire form of what a judging came to."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field

from service.api.models import ModelOut
from service.api.on_error import told
from service.api.problems import Problem, problem_of
from service.api.refinement import CritiqueOut, Out, UsageOut, VerdictOut
from service.domain.critique import Judgment
from service.domain.ruling import Basis, Ruling, Status, Tally
from service.domain.scoring import Votes


class VotesOut(Out):
    """How the critiques judged."""

    correct: int = 0
    incorrect: int = 0
    unparsed: int = 0

    @classmethod
    def of(cls, votes: Votes) -> Self:
        return cls(correct=votes.correct, incorrect=votes.incorrect, unparsed=votes.unparsed)


class TallyOut(Out):
    """How the program's comparisons ended, each shown in both orders."""

    wins: int
    losses: int
    ties: int
    unread: int

    @classmethod
    def of(cls, tally: Tally) -> Self:
        return cls(wins=tally.wins, losses=tally.losses, ties=tally.ties, unread=tally.unread)


class JudgeResult(Out):
    """One program's result. Only `ok` has a score of its own: what was not judged is worth nothing, not 0.

    `abstain`: the critic answered, and its judgment cannot be told. `error`: a part failed.
    """

    id: str | None
    status: Status
    score: float | None
    fallback: bool = Field(description="The score is the request's `fallback`, and says nothing.")
    judgment: Judgment | None
    basis: Basis | None
    """What the score rests on."""
    votes: VotesOut
    comparisons: TallyOut | None
    critique: CritiqueOut | None
    verdict: VerdictOut | None
    error: Problem | None

    @classmethod
    def of(cls, ruling: Ruling, result_id: str | None, on_error: str) -> Self:
        """Tell a ruling, in the way that the caller wants failures told."""
        as_told = told(ruling, on_error)
        return cls(
            id=result_id,
            status=as_told.status,
            score=as_told.score,
            fallback=as_told.fallback,
            judgment=ruling.judgment,
            basis=ruling.basis,
            votes=VotesOut.of(ruling.votes),
            comparisons=None if ruling.comparisons is None else TallyOut.of(ruling.comparisons),
            critique=None if ruling.critique is None else CritiqueOut.of(ruling.critique),
            verdict=None if ruling.verdict is None else VerdictOut.of(ruling.verdict),
            error=None if ruling.error is None else problem_of(ruling.error),
        )


class JudgeResponse(Out):
    """Results in the order of the programs, and for one problem their indices from best to worst."""

    object: Literal["judging"] = "judging"
    results: list[JudgeResult]
    ranking: list[int]
    """By tests passed, then by score; what was not judged comes last. Empty for several problems."""
    best: int | None
    judge_version: str
    """Changes with the critic's weights, its wording and the mode: equal versions make equal rewards."""
    usage: UsageOut
    model: ModelOut
    notice: str | None
    seconds: float


def ranked(rulings: Sequence[Ruling]) -> list[int]:
    """Order the indices from best to worst; equals keep the order they came in."""

    def key(index: int) -> tuple[bool, float, bool, float]:
        score, verdict = rulings[index].score, rulings[index].verdict
        passed = verdict.passed / verdict.total if verdict is not None and verdict.total else 0.0
        return (not is_known(rulings[index]), -passed, score is None, -(score or 0.0))

    return sorted(range(len(rulings)), key=key)


def is_known(ruling: Ruling) -> bool:
    """Whether anything is known of the program: what the critic thinks, or what the tests did."""
    return ruling.score is not None or ruling.verdict is not None
