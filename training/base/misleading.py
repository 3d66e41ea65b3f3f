"""Advice that misleads, in a careful critic's words: it teaches a reviser to do what it is told.

Where edits of some kind are always right, a reviser may take them as a licence to solve the problem anew.
"""

import random
from collections.abc import Sequence

from service.domain.critique import Judgment
from training.tasks.operations import FINALS, STEPS, Operation
from training.tasks.pipeline import Pipeline, Step, parse_lines
from training.tasks.review import (
    FIRST_STEP_LINE,
    Edit,
    EditKind,
    Review,
    analysis,
    apply_edit,
    careful_review,
)

_TRUE_FAULTS = 0.5
"""Share of the misleading reviews of wrong drafts whose analysis is the careful one."""


def misleading(rng: random.Random, reference: Pipeline, code: str) -> Review:
    """Find fault with a line and ask for an edit, of any kind that it can have, that leads astray.

    Either the fault is the one that a careful critic finds and the edit is not, or both are invented.
    """
    careful = careful_review(reference, code)
    if careful.edit is not None and rng.random() < _TRUE_FAULTS:
        index = careful.edit.line - FIRST_STEP_LINE
        asked = reference.steps[index] if index < len(reference.steps) else None
        if edits := _leading_astray(reference, code, index, asked):
            return _review(careful.analysis, rng.choice(edits))
    return _invented(rng, reference, code)


def _invented(rng: random.Random, reference: Pipeline, code: str) -> Review:
    found = parse_lines(reference.shape, code)
    index = rng.randrange(min(len(found), len(reference.steps)))
    table = FINALS if reference.steps[index].operation.final else STEPS
    asked = _other_step(rng, table[reference.kind], found[index])
    edit = rng.choice(_leading_astray(reference, code, index, asked))
    before = reference.steps[:index]
    claimed = [*before, *_claimed(edit, asked, reference.steps[index + 1 :], found[index:])]
    return _review(analysis(claimed, [*before, *found[index:]], index), edit)


def _claimed(edit: Edit, asked: Step, after: Sequence[Step], found: Sequence[Step | None]) -> list[Step]:
    """What would have to be asked, from the line at fault on, for an edit to be a careful critic's."""
    does, follows = found[0], _next_step(found)
    if edit.kind in (EditKind.SWAP, EditKind.REMOVE):
        asked = follows or asked
    if edit.kind in (EditKind.SWAP, EditKind.ADD) and does is not None:
        return [asked, does, *after[1:]]
    return [asked, *after]


def _review(said: str, edit: Edit) -> Review:
    return Review(said, edit.suggestion(), Judgment.INCORRECT, edit)


def _leading_astray(reference: Pipeline, code: str, index: int, asked: Step | None) -> list[Edit]:
    """One edit of each kind that a line can have, but for those that change nothing or lead home."""
    found = parse_lines(reference.shape, code)
    line = index + FIRST_STEP_LINE
    does = found[index] if index < len(found) else None
    edits = [Edit(EditKind.REMOVE, line, found=does), Edit(EditKind.SWAP, line)]
    if asked is not None:
        edits += [Edit(EditKind.CHANGE, line, does, asked), Edit(EditKind.ADD, line, wanted=asked)]
    careful = careful_review(reference, code).edit
    good = {code, reference.code(), apply_edit(reference, code, careful)}
    return [edit for edit in edits if edit.fits(code) and apply_edit(reference, code, edit) not in good]


def _next_step(found: Sequence[Step | None]) -> Step | None:
    """What the second line does, if it is something else: what would be asked if the first came too soon."""
    after = found[1] if len(found) > 1 else None
    return None if after is None or after.does_as(found[0]) else after


def _other_step(rng: random.Random, operations: Sequence[Operation], does: Step | None) -> Step:
    """Draw an operation and its constant that are not what a line does."""
    steps = ([Step(op, constant) for constant in op.constants or (None,)] for op in operations)
    others = ([step for step in each if not step.does_as(does)] for each in steps)
    return rng.choice(rng.choice([each for each in others if each]))
