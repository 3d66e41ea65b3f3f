"""Wire form of a refinement's events."""

from service.api.refinement import CritiqueOut, VerdictOut
from service.api.streaming import Frame
from service.domain.events import (
    CritiqueCompleted,
    CritiqueDelta,
    RoundStarted,
    SolutionCompleted,
    SolutionDelta,
    VerdictCompleted,
)

RoundEvent = (
    RoundStarted | SolutionDelta | SolutionCompleted | CritiqueDelta | CritiqueCompleted | VerdictCompleted
)


def frame_of(event: RoundEvent, refinement_id: str) -> Frame:
    """Tell what happened in a round."""
    where: dict[str, object] = {"id": refinement_id, "candidate": event.chain, "round": event.index}
    match event:
        case RoundStarted():
            return Frame("round.started", where)
        case SolutionDelta():
            return Frame("solution.delta", where | {"delta": event.text})
        case SolutionCompleted():
            said = {"solution": event.candidate.code, "edit_similarity": event.edit_similarity}
            return Frame("solution.completed", where | said)
        case CritiqueDelta():
            return Frame("critique.delta", where | {"delta": event.text})
        case CritiqueCompleted():
            critique = CritiqueOut.of(event.critique).model_dump(mode="json")
            return Frame("critique.completed", where | {"critique": critique})
        case VerdictCompleted():
            verdict = VerdictOut.of(event.verdict).model_dump(mode="json")
            return Frame("verdict.completed", where | {"verdict": verdict})
