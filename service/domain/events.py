"""What a refinement says while it runs: a chain's events are in order, chains interleave."""

from dataclasses import dataclass

from service.domain.critique import Critique
from service.domain.refinement import Refinement, Round
from service.domain.task import Candidate
from service.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """A candidate is about to be written. A round cut short says no more than this and some deltas."""

    chain: int
    index: int


@dataclass(frozen=True, slots=True)
class SolutionDelta:
    """The next piece of the generator's completion."""

    chain: int
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class SolutionCompleted:
    """The round has its candidate; a draft given by the caller arrives without deltas."""

    chain: int
    index: int
    candidate: Candidate
    edit_similarity: float | None


@dataclass(frozen=True, slots=True)
class CritiqueDelta:
    """The next piece of the critic's completion."""

    chain: int
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class CritiqueCompleted:
    """The round has its critique."""

    chain: int
    index: int
    critique: Critique


@dataclass(frozen=True, slots=True)
class VerdictCompleted:
    """The round has its verdict; it comes before the critique."""

    chain: int
    index: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RoundFinished:
    """All that will be said of a round has been said; `refine` can go on after it, in any process."""

    round: Round


@dataclass(frozen=True, slots=True)
class RefinementCompleted:
    """The last event of every refinement that did not fail."""

    refinement: Refinement


Event = (
    RoundStarted
    | SolutionDelta
    | SolutionCompleted
    | CritiqueDelta
    | CritiqueCompleted
    | VerdictCompleted
    | RoundFinished
    | RefinementCompleted
)
