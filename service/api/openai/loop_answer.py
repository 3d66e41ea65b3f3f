"""The end of a refinement, as every dialect here tells it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Self

from service.api.models import ModelOut, notice
from service.api.openai.progress import Progress
from service.api.openai.usage import Visible
from service.api.refining import Refining
from service.domain.events import RefinementCompleted
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
            _told(refining, refinement),
            {
                **id_header(refining),
                "x-refine-rounds": str(len(refinement.rounds)),
                "x-refine-total-tokens": str(usage.all_tokens),
            },
        )


async def told(refining: Refining) -> AsyncGenerator[str | LoopAnswer, None]:
    """Run: yield an empty text once it has begun, then what there is to say, and last the answer."""
    request = refining.request
    progress = Progress(request.candidates, request.solution is not None)
    begun = False
    async with aclosing(refining.happenings()) as events:
        async for event in events:
            if not begun:
                begun = True
                yield ""
            if isinstance(event, RefinementCompleted):
                yield LoopAnswer.of(refining, event.refinement)
            elif text := progress.tell(event):
                yield text


def id_header(refining: Refining) -> dict[str, str]:
    """Name the refinement, from the first byte on."""
    return {"x-refine-id": refining.id}


def _told(refining: Refining, refinement: Refinement) -> dict[str, object]:
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
