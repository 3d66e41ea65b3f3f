"""The record of a refinement: every round, and how it ended."""

from dataclasses import dataclass, field
from enum import StrEnum

from service.domain.chat import TokenUsage
from service.domain.critique import Critique
from service.domain.task import Candidate
from service.domain.verdict import Verdict


class StopReason(StrEnum):
    """Why a refinement ended."""

    JUDGED_CORRECT = "judged_correct"
    TESTS_PASSED = "tests_passed"
    ROUNDS_EXHAUSTED = "rounds_exhausted"
    BUDGET_EXHAUSTED = "budget_exhausted"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"


class StopRule(StrEnum):
    """When a candidate counts as done."""

    JUDGED_CORRECT = "judged_correct"
    TESTS_PASSED = "tests_passed"
    NEVER = "never"


class Feedback(StrEnum):
    """Whether the critic is told what the public tests did. `BLIND` is the method; `TESTS` is labelled."""

    BLIND = "blind"
    TESTS = "tests"


class Selection(StrEnum):
    """Which round's candidate is returned."""

    LAST = "last"
    BEST = "best"
    VOTE = "vote"


@dataclass(frozen=True, slots=True)
class Budget:
    """What one refinement may spend. None is unbounded; rounds never are."""

    max_rounds: int = 3
    completion_tokens: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a round or a refinement spent."""

    tokens: TokenUsage = field(default_factory=TokenUsage)
    generator_calls: int = 0
    critic_calls: int = 0
    sandbox_runs: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.tokens + other.tokens,
            self.generator_calls + other.generator_calls,
            self.critic_calls + other.critic_calls,
            self.sandbox_runs + other.sandbox_runs,
        )


@dataclass(frozen=True, slots=True)
class Round:
    """One candidate with what was said of it.

    `chain` is the index of the parallel candidate (0 …), `index` the round in that chain (0 is the draft).
    `edit_similarity` to the round before is in [0, 1]; None for a draft.
    """

    chain: int
    index: int
    candidate: Candidate
    verdict: Verdict | None = None
    critique: Critique | None = None
    edit_similarity: float | None = None
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    writing: TokenUsage = field(default_factory=TokenUsage)
    """The generator's part of `usage`; nothing where the candidate was given."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """All rounds of one task, the one selected, and why it ended."""

    rounds: tuple[Round, ...]
    selected: Round
    stop_reason: StopReason
    usage: Usage
    seconds: float
