"""What one refinement asks of its parts: calls, tokens, submissions.

The prompts are the ones that `service.domain.templates` writes. What a prefix cache serves follows from their
order: of a critic's prompt everything before the candidate, of a revision's everything before the draft.
"""

from dataclasses import dataclass
from enum import StrEnum

from service.domain.templates import CRITIC_TEMPLATE, GENERATOR_TEMPLATE

_CHARACTERS_A_TOKEN = 4
"""Of English and code by an ordinary tokenizer; the mini tokenizer has one token for each fixed wording."""


class Role(StrEnum):
    """Whom a call asks."""

    GENERATOR = "generator"
    CRITIC = "critic"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a model, in tokens."""

    role: Role
    prompt: float
    cached: float
    """Of the prompt, what an earlier prompt began with."""
    completion: float

    @property
    def read(self) -> float:
        """What has to be computed of the prompt."""
        return self.prompt - self.cached

    @property
    def held(self) -> float:
        """What lies in the cache of keys and values when the call ends."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Workload:
    """Refinements of one kind."""

    revisions: int = 2
    """At most; a draft comes before them, and each program is reviewed."""
    accepted: float = 0.0
    """Chance that a review accepts the program, which ends the refinement."""
    problem_tokens: float = 400
    program_tokens: float = 300
    critique_tokens: float = 300
    piece_tokens: float = 1
    """Of a streamed completion, that come together; jobs are planned as streamed."""
    variation: float = 0.5
    """Standard deviation of the length of a completion, as a share of its mean."""
    tested: bool = True
    """Whether each program is run in the sandbox."""

    def __post_init__(self) -> None:
        if self.revisions < 0:
            raise ValueError(f"revisions: {self.revisions} is less than none; give 0 or more")
        if self.piece_tokens <= 0:
            raise ValueError(f"piece_tokens: {self.piece_tokens} is nothing; give 1 or more")
        if not 0 <= self.accepted <= 1:
            raise ValueError(f"accepted: {self.accepted} is no probability; give 0 to 1")

    @property
    def rounds(self) -> float:
        """Programs written, on average."""
        return sum(self.reached(index) for index in range(self.revisions + 1))

    def reached(self, index: int) -> float:
        """How likely it is that there is a round of this number, counted from 0."""
        return (1 - self.accepted) ** index

    def round(self, index: int) -> tuple[Call, Call]:
        """Return the calls of a round: a program, then its review."""
        return self._written(index), self._reviewed(index)

    def _written(self, index: int) -> Call:
        wording = _tokens(GENERATOR_TEMPLATE.propose)
        proposal = wording + self.problem_tokens
        if index == 0:
            return Call(Role.GENERATOR, proposal, wording, self.program_tokens)
        more = self.program_tokens + _tokens(GENERATOR_TEMPLATE.revise) + self.critique_tokens
        return Call(Role.GENERATOR, proposal + more, proposal, self.program_tokens)

    def _reviewed(self, index: int) -> Call:
        wording = _tokens(CRITIC_TEMPLATE.critique)
        before = wording + self.problem_tokens
        cached = before if index else wording
        return Call(Role.CRITIC, before + self.program_tokens, cached, self.critique_tokens)

    def mean(self, role: Role) -> "Share":
        """Add up the calls of a role over the rounds that are reached."""
        found = [
            (self.reached(index), call)
            for index in range(self.revisions + 1)
            for call in self.round(index)
            if call.role is role
        ]
        calls = sum(chance for chance, _ in found)
        return Share(
            calls,
            Call(
                role,
                sum(chance * call.prompt for chance, call in found) / calls,
                sum(chance * call.cached for chance, call in found) / calls,
                sum(chance * call.completion for chance, call in found) / calls,
            ),
        )


@dataclass(frozen=True, slots=True)
class Share:
    """A role's part of a refinement: how many calls, and the mean one."""

    calls: float
    call: Call


def _tokens(wording: str) -> float:
    return len(wording) / _CHARACTERS_A_TOKEN
