"""A refinement's progress in words, for clients that show what a model thinks."""

from dataclasses import dataclass, field

from service.domain.events import (
    CritiqueCompleted,
    CritiqueDelta,
    Event,
    RoundStarted,
    VerdictCompleted,
)


@dataclass(slots=True)
class Progress:
    """Tells rounds and critiques, never a program: nobody shall take a draft for the answer."""

    candidates: int
    has_draft: bool
    _heard: set[tuple[int, int]] = field(default_factory=set)

    def tell(self, event: Event) -> str:
        """Return what there is to say, which may be nothing."""
        match event:
            case RoundStarted():
                return f"{self._who(event.chain)}{self._beginning(event.index)}\n\n"
            case VerdictCompleted():
                verdict = event.verdict
                return f"{self._who(event.chain)}{verdict.passed} of {verdict.total} tests passed.\n\n"
            case CritiqueDelta() if self.candidates == 1:
                self._heard.add((event.chain, event.index))
                return event.text
            case CritiqueCompleted():
                return self._critique(event)
            case _:
                return ""

    def _beginning(self, index: int) -> str:
        if index == 0:
            return "Reviewing the draft." if self.has_draft else "Writing a draft."
        return f"Writing revision {index}."

    def _critique(self, event: CritiqueCompleted) -> str:
        """End a critique that was told piece by piece; tell one whose pieces would mix with another's."""
        if (event.chain, event.index) in self._heard:
            return "\n\n"
        return f"{self._who(event.chain)}{event.critique.text}\n\n"

    def _who(self, chain: int) -> str:
        return f"Candidate {chain + 1}: " if self.candidates > 1 else ""
