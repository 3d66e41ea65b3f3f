"""The end of a refinement, as every dialect here tells it."""

from dataclasses import dataclass
from typing import Self

from service.api.models import ModelOut, notice
from service.api.openai.usage import Visible
from service.api.refining import Refining
from service.domain.refinement import Refinement
from service.domain.templates import fenced


@dataclass(frozen=True, slots=True)
class LoopAnswer:
    """The program in a fence, what it cost, and how the loop ended."""

    content: str
    usage: Visible
    refine: dict[str, object]
    headers: dict[str, str]

    @classmethod
    def of(cls, refining: Refining, refinement: Refinement) -> Self:
        usage = Visible.of(refinement, refining.request.problem)
        return cls(
            fenced(refinement.selected.candidate.code),
            usage,
            _ended(refining, refinement),
            {
                "x-refine-id": refining.id,
                "x-refine-rounds": str(len(refinement.rounds)),
                "x-refine-total-tokens": str(usage.all_tokens),
            },
        )


def _ended(refining: Refining, refinement: Refinement) -> dict[str, object]:
    critique, verdict = refinement.selected.critique, refinement.selected.verdict
    return {
        "id": refining.id,
        "stop_reason": refinement.stop_reason,
        "rounds": len(refinement.rounds),
        "judgment": None if critique is None else critique.judgment,
        "score": None if critique is None else critique.score,
        "tests_passed": None if verdict is None else verdict.accepted,
        "feedback": refining.request.feedback,
        "notice": notice(ModelOut.of(refining.generator.card), ModelOut.of(refining.critic.card)),
    }
