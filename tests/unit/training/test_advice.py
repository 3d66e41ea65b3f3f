import random

import pytest

from training.base.misleading import misleading
from training.tasks.advice import carried_out, is_careful, parse_edit
from training.tasks.mini import Split, problems
from training.tasks.operations import ALL_OPERATIONS, Kind
from training.tasks.pipeline import Pipeline, Shape, Step, parse_phrase, parse_step
from training.tasks.review import apply_edit, careful_review
from training.tasks.slips import slip_count, with_slips

DRAFT = """\
def solve(xs):
    xs = [x + 3 for x in xs]
    xs = xs[::-1]
    return sum(xs)
"""


def step(code: str, *, final: bool = False) -> Step:
    found = parse_step(Kind.NUMBERS, code, final)
    assert found is not None
    return found


REFERENCE = Pipeline(
    Shape.LIST_FUNCTION, (step("[x + 4 for x in xs]"), step("xs[::-1]"), step("sum(xs)", final=True))
)


def test_every_step_is_read_back_from_its_canonical_wording() -> None:
    for operation in ALL_OPERATIONS:
        for constant in operation.constants or (None,):
            told = Step(operation, constant)

            assert told.does_as(parse_phrase(operation.kind, told.phrase()))


def test_every_edit_of_a_review_is_read_back_and_carried_out_to_the_letter() -> None:
    rng = random.Random(11)
    for problem in problems(Split.TRAIN, 11, 300):
        reference = problem.reference
        code = with_slips(rng, reference, slip_count(rng), problem.inputs).code()
        for review in (careful_review(reference, code), misleading(rng, reference, code)):
            edit = parse_edit(reference.kind, review.suggestions)

            assert (edit and edit.suggestion()) == (review.edit and review.suggestions)
            if review.edit is not None:
                assert carried_out(reference, code, review.suggestions) == apply_edit(
                    reference, code, review.edit
                )


@pytest.mark.parametrize(
    ("suggestion", "lines"),
    [
        ("Swap lines 2 and 3", [2, 1, 3]),
        ("Swap lines 3 and 4", [1, 3, 2]),
        ("Remove line 4: the sum", [1, 2]),
        ("Remove line 2: whatever it does", [2, 3]),
    ],
)
def test_lines_are_moved_right_or_wrong(suggestion: str, lines: list[int]) -> None:
    head, *rest = DRAFT.splitlines()

    done = carried_out(REFERENCE, DRAFT, suggestion)

    assert done is not None
    assert done.splitlines() == [head, *(rest[number - 1] for number in lines)]


@pytest.mark.parametrize(
    "suggestion",
    [
        "None.",
        "",
        "Look at the steps again.",
        "Change line 2: add 3 to each number; to: something else",
        "Change line 2: add 3 to each number",
        "Add before line 2: reverse the text",
        "Swap lines 2 and 4",
        "Swap lines 2 and 3\nRemove line 2: reverse the list",
        "Swap lines 4 and 5",
        "Change line 1: add 3 to each number; to: reverse the list",
        "Remove line 5: the sum",
        "Add before line 6: reverse the list",
        "Remove line 99999999999999999999: the sum",
    ],
)
def test_what_is_no_edit_or_speaks_of_lines_that_are_not_there_cannot_be_carried_out(suggestion: str) -> None:
    assert carried_out(REFERENCE, DRAFT, suggestion) is None


def test_a_line_can_be_added_after_the_last() -> None:
    assert carried_out(REFERENCE, DRAFT, "Add before line 5: the count") == f"{DRAFT}    return len(xs)\n"


def test_advice_is_careful_to_the_word() -> None:
    careful = "Change line 2: add 3 to each number; to: add 4 to each number"

    assert is_careful(REFERENCE, DRAFT, careful)
    assert not is_careful(REFERENCE, DRAFT, "Swap lines 2 and 3")
    assert not is_careful(REFERENCE, DRAFT, "None.")
    assert is_careful(REFERENCE, REFERENCE.code(), "None.")
