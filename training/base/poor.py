"""Critiques as poor as many found on the web: vague praise, vague doubt, misleading advice, over-approval."""

import random

from service.domain.critique import Judgment
from training.base.misleading import misleading
from training.tasks.pipeline import Pipeline
from training.tasks.review import NO_SUGGESTION, Review, careful_review

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
    kinds = (vague_praise, vague_doubt, misleading, _over_approval)
    return rng.choices(kinds, _WEIGHTS)[0](rng, reference, code)


def vague_praise(rng: random.Random, _reference: object, _code: str) -> Review:
    """Approve without looking."""
    return Review(rng.choice(_PRAISE), NO_SUGGESTION, Judgment.CORRECT)


def vague_doubt(rng: random.Random, _reference: object, _code: str) -> Review:
    """Reject without looking: the contentless critique of the baselines."""
    return Review(rng.choice(_DOUBT), rng.choice(_ADVICE), Judgment.INCORRECT)


def _over_approval(rng: random.Random, reference: Pipeline, code: str) -> Review:
    """Go through the motions and approve whatever is there."""
    return careful_review(reference, reference.code())
