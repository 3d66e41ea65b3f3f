"""The rounds of one chain as they grow, with what each cost."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Self

from service.domain.critique import Critique
from service.domain.refinement import Round, StopReason, Usage
from service.domain.task import Candidate
from service.domain.verdict import Verdict


@dataclass(slots=True)
class Record:
    """One chain's rounds. `usage` includes what was spent on a round that was never finished."""

    chain: int
    rounds: list[Round] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    stop_reason: StopReason = StopReason.CANCELLED
    _round_usage: Usage = field(default_factory=Usage)
    _round_started: float = 0.0

    @classmethod
    def resumed(cls, chain: int, rounds: Iterable[Round]) -> Self:
        """Take up the chain's own rounds; those after a gap are done again: what they built on is lost."""
        own = {a_round.index: a_round for a_round in rounds if a_round.chain == chain}
        finished: list[Round] = []
        while (following := own.get(len(finished))) is not None:
            finished.append(following)
        return cls(chain, finished, sum((a_round.usage for a_round in finished), Usage()))

    @property
    def seconds(self) -> float:
        return sum(a_round.seconds for a_round in self.rounds)

    @property
    def last(self) -> Round:
        return self.rounds[-1]

    @property
    def twin(self) -> Round | None:
        """An earlier round with the very code of the last one."""
        code = self.last.candidate.code
        return next((earlier for earlier in self.rounds[:-1] if earlier.candidate.code == code), None)

    def begin(self) -> None:
        """Start the clock and the bill of a new round."""
        self._round_usage = Usage()
        self._round_started = monotonic()

    def spend(self, usage: Usage) -> None:
        """Put something on the bill."""
        self.usage += usage
        self._round_usage += usage

    def add(self, candidate: Candidate, similarity: float | None = None) -> Round:
        """Append the round that was begun; `similarity` is to the one before it."""
        writing = self._round_usage.tokens  # nobody but the generator has spent anything yet
        new = Round(
            self.chain,
            len(self.rounds),
            candidate,
            edit_similarity=similarity,
            writing=writing,
            usage=self._round_usage,
            seconds=self._round_seconds,
        )
        self.rounds.append(new)
        return new

    def judged(self, verdict: Verdict) -> None:
        """Add the verdict to the last round."""
        self.rounds[-1] = replace(self._billed, verdict=verdict)

    def criticized(self, critique: Critique) -> None:
        """Add the critique to the last round."""
        self.rounds[-1] = replace(self._billed, critique=critique)

    @property
    def _billed(self) -> Round:
        """The last round with what it has cost by now."""
        return replace(self.last, usage=self._round_usage, seconds=self._round_seconds)

    @property
    def _round_seconds(self) -> float:
        return monotonic() - self._round_started
