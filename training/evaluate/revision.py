"""What a first revision shows: how much it changed, and whether good advice was given and taken."""

from dataclasses import dataclass

from service.domain.critique import Critique, Judgment
from service.domain.similarity import edit_similarity
from training.evaluate.critics import Reviewed
from training.tasks.advice import carried_out, is_careful


@dataclass(frozen=True, slots=True)
class FirstRevision:
    """Figures of one draft, as `Trial` has them of all."""

    similarity: float | None = None
    advice: bool | None = None
    letter: bool | None = None


UNREVISED = FirstRevision()


def first_revision(draft: Reviewed, critique: Critique, revision: Reviewed) -> FirstRevision:
    """Compare a revision with its draft, and with what the critique that rejected it asked for."""
    similarity = round(edit_similarity(draft.code, revision.code), 3)
    reference, told = draft.problem.reference, critique.suggestions
    if reference is None or critique.judgment is not Judgment.INCORRECT:
        return FirstRevision(similarity)
    asked = carried_out(reference, draft.code, told)
    letter = None if asked is None else asked.strip("\n") == revision.code.strip("\n")
    return FirstRevision(similarity, is_careful(reference, draft.code, told), letter)
