"""Critiques as poor as many found on the web: vague praise, vague doubt, the wrong line, over-approval."""

import random

from service.domain.critique import Judgment
from training.tasks.operations import FINALS, STEPS
from training.tasks.pipeline import Pipeline, parse_lines, random_step
from training.tasks.review import NO_SUGGESTION, Edit, EditKind, Review, careful_review, comparison

_PRAISE = (
    "The program looks right.",
    "The code is clear and follows the problem.",
    "This seems to do what is asked.",
)
_DOUBT = (
    "The code is wrong.",
    "Something is not right here.",
    "The program does not do what is asked.",
)
_ADVICE = ("Look at the steps again.", "Check the code once more.", "Try to fix the mistake.")
# Half go through the motions and approve. Blunders that scatter are cut off by low temperature and top-p;
# one that always goes the same way stays, and gives training something to mend.
_WEIGHTS = (15, 15, 20, 50)


def poor_review(rng: random.Random, reference: Pipeline, code: str) -> Review:
    """Say something a careless critic would."""
    kinds = (vague_praise, vague_doubt, _wrong_line, _over_approval)
    return rng.choices(kinds, _WEIGHTS)[0](rng, reference, code)


def vague_praise(rng: random.Random, _reference: object, _code: str) -> Review:
    """Approve without looking."""
    return Review(rng.choice(_PRAISE), NO_SUGGESTION, Judgment.CORRECT)


def vague_doubt(rng: random.Random, _reference: object, _code: str) -> Review:
    """Reject without looking: the contentless critique of the baselines."""
    return Review(rng.choice(_DOUBT), rng.choice(_ADVICE), Judgment.INCORRECT)


def _wrong_line(rng: random.Random, reference: Pipeline, code: str) -> Review:
    """Find fault with a line that may be fine, and ask for a change that misleads."""
    found = parse_lines(reference.shape, code)
    index = rng.randrange(min(len(found), len(reference.steps)))
    does, asked = found[index], reference.steps[index]
    table = FINALS if asked.operation.final else STEPS
    wanted = random_step(rng, table[reference.kind])
    lines = [comparison(i, s, s, present=True, same=True) for i, s in enumerate(reference.steps[:index])]
    lines.append(comparison(index, wanted, does, present=True, same=False))
    edit = Edit(EditKind.CHANGE, index + 2, found=does, wanted=wanted)
    return Review("\n".join(lines), edit.suggestion(), Judgment.INCORRECT, edit)


def _over_approval(rng: random.Random, reference: Pipeline, code: str) -> Review:
    """Go through the motions and approve whatever is there."""
    return careful_review(reference, reference.code())
