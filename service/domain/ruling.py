"""What judging concludes of a candidate: a score where it can be told, and never one where it cannot."""

from dataclasses import dataclass, field
from enum import StrEnum

from service.domain.critique import Critique, Judgment
from service.domain.errors import ServiceError
from service.domain.refinement import Usage
from service.domain.scoring import Votes
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict


class Mode(StrEnum):
    """What decides: the critic, the tests, the tests before the critic, or comparisons by the critic."""

    CRITIQUE = "critique"
    EXEC = "exec"
    HYBRID = "hybrid"
    PAIRWISE = "pairwise"


class Status(StrEnum):
    """`ABSTAIN`: the critic answered, and what it means cannot be told. `ERROR`: a part failed."""

    OK = "ok"
    ABSTAIN = "abstain"
    ERROR = "error"


class Basis(StrEnum):
    """What a score rests on."""

    CRITIC = "critic"
    TESTS = "tests"
    NO_CODE = "no_code"
    COMPARISONS = "comparisons"


@dataclass(frozen=True, slots=True)
class Tally:
    """How a candidate's comparisons ended; `unread` are those of which one order could not be read."""

    wins: int = 0
    losses: int = 0
    ties: int = 0
    unread: int = 0

    @property
    def score(self) -> float | None:
        """The share of comparisons won, a tie counting half; None where none could be read."""
        read = self.wins + self.losses + self.ties
        return (self.wins + self.ties / 2) / read if read else None


@dataclass(frozen=True, slots=True)
class Case:
    """A candidate for a task, to be ruled on."""

    task: Task
    candidate: Candidate

    @property
    def key(self) -> tuple[bytes, str]:
        """Equal for cases that are judged once."""
        return self.task.key, self.candidate.code


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is known of a case. Without a score there is none: it is never 0 for want of a better one."""

    score: float | None = None
    judgment: Judgment | None = None
    basis: Basis | None = None
    votes: Votes = field(default_factory=Votes)
    critique: Critique | None = None
    verdict: Verdict | None = None
    comparisons: Tally | None = None
    error: ServiceError | None = None
    usage: Usage = field(default_factory=Usage)

    @property
    def status(self) -> Status:
        if self.error is not None:
            return Status.ERROR
        return Status.ABSTAIN if self.score is None else Status.OK
