import random

import pytest

from service.domain.critique import Judgment, Parsed
from service.domain.parsing import parse_critique
from training.base.poor import poor_review
from training.tasks.mini import Problem, Split, problems
from training.tasks.operations import Kind
from training.tasks.pipeline import Pipeline, Shape, Step, parse_step
from training.tasks.review import EditKind, apply_edit, careful_review
from training.tasks.slips import slip_count, with_slips


def steps(*codes: str) -> Pipeline:
    """A list function whose last code is the result."""
    found: list[Step] = []
    for index, code in enumerate(codes):
        step = parse_step(Kind.NUMBERS, code, index == len(codes) - 1)
        assert step is not None, code
        found.append(step)
    return Pipeline(Shape.LIST_FUNCTION, tuple(found))


EVEN, PLUS, BACK = "[x for x in xs if x % 2 == 0]", "[x + 3 for x in xs]", "xs[::-1]"


@pytest.mark.parametrize(
    ("draft", "suggestion"),
    [
        ((EVEN, PLUS, "sum(xs)"), "None."),
        ((EVEN, BACK, "sum(xs)"), "Change line 3: reverse the list; to: add 3 to each number"),
        ((PLUS, "sum(xs)"), "Add before line 2: keep the even numbers"),
        ((EVEN, "sum(xs)"), "Add before line 3: add 3 to each number"),
        ((EVEN, BACK, PLUS, "sum(xs)"), "Remove line 3: reverse the list"),
        ((EVEN, PLUS, BACK, "sum(xs)"), "Remove line 4: reverse the list"),
        ((PLUS, EVEN, "sum(xs)"), "Swap lines 2 and 3"),
        ((EVEN, PLUS, "len(xs)"), "Change line 4: the count; to: the sum"),
    ],
)
def test_a_careful_review_names_the_one_edit_that_helps(draft: tuple[str, ...], suggestion: str) -> None:
    review = careful_review(steps(EVEN, PLUS, "sum(xs)"), steps(*draft).code())

    assert review.suggestions == suggestion


CROSSWISE = [
    ((BACK, PLUS, "len(xs)"), EditKind.CHANGE, "different", "different"),
    ((PLUS, "sum(xs)"), EditKind.ADD, "different", "same"),
    ((BACK, EVEN, PLUS, "sum(xs)"), EditKind.REMOVE, "same", "different"),
    ((PLUS, EVEN, "sum(xs)"), EditKind.SWAP, "same", "same"),
]


@pytest.mark.parametrize(("draft", "kind", "in_next_line", "as_next_step"), CROSSWISE)
def test_what_stands_crosswise_at_the_first_difference_tells_which_edit_settles_it(
    draft: tuple[str, ...], kind: EditKind, in_next_line: str, as_next_step: str
) -> None:
    review = careful_review(steps(EVEN, PLUS, "sum(xs)"), steps(*draft).code())
    first, second = (parse_step(Kind.NUMBERS, code, code == draft[-1]) for code in draft[:2])
    assert first is not None
    assert second is not None

    assert review.edit is not None
    assert review.edit.kind is kind
    assert review.analysis.split("\n") == [
        f"1. asked: keep the even numbers; line 2: {first.phrase()}; different",
        f"1. asked: keep the even numbers; line 3: {second.phrase()}; {in_next_line}",
        f"2. asked: add 3 to each number; line 2: {first.phrase()}; {as_next_step}",
    ]


@pytest.mark.parametrize(
    "draft", [(EVEN, PLUS, "len(xs)"), (EVEN, PLUS, BACK, "sum(xs)"), (EVEN, "sum(xs)"), (EVEN, PLUS)]
)
def test_where_one_side_ends_the_program_nothing_is_compared_crosswise(draft: tuple[str, ...]) -> None:
    found = [parse_step(Kind.NUMBERS, line, line in {"sum(xs)", "len(xs)"}) for line in draft]
    code = Pipeline(Shape.LIST_FUNCTION, tuple(step for step in found if step is not None)).code()
    lines = careful_review(steps(EVEN, PLUS, "sum(xs)"), code).analysis.split("\n")

    assert [line.endswith("; different") for line in lines] == [False] * (len(lines) - 1) + [True]


def test_drafts_that_need_different_edits_are_told_apart_by_the_analysis() -> None:
    told: dict[str, set[tuple[EditKind, int]]] = {}
    for problem, code in drafts():
        review = careful_review(problem.reference, code)
        if review.edit is not None:
            told.setdefault(review.analysis, set()).add((review.edit.kind, review.edit.line))

    assert all(len(edits) == 1 for edits in told.values())


def test_a_line_that_makes_no_sense_is_something_else() -> None:
    code = steps(EVEN, "sum(xs)").code().replace("xs % ", "xs ! ").replace("x % 2", "x ? 2")
    review = careful_review(steps(EVEN, "sum(xs)"), code)

    assert review.suggestions == "Change line 2: something else; to: keep the even numbers"


def drafts() -> list[tuple[Problem, str]]:
    rng = random.Random(5)
    return [
        (problem, with_slips(rng, problem.reference, slip_count(rng), problem.inputs).code())
        for problem in problems(Split.TRAIN, 5, 300)
    ]


def test_following_careful_reviews_ends_at_the_reference() -> None:
    for problem, draft in drafts():
        code = draft
        for _ in range(8):
            code = apply_edit(problem.reference, code, careful_review(problem.reference, code).edit)

        assert code == problem.reference.code()


def test_a_careful_review_judges_correct_only_the_reference() -> None:
    for problem, code in drafts():
        review = careful_review(problem.reference, code)

        assert (review.judgment is Judgment.CORRECT) == (code == problem.reference.code())


def test_every_review_is_in_the_strict_grammar() -> None:
    rng = random.Random(6)
    for problem, code in drafts():
        for review in (careful_review(problem.reference, code), poor_review(rng, problem.reference, code)):
            parsed = parse_critique(review.text())

            assert parsed.parsed is Parsed.STRICT
            assert parsed.judgment is review.judgment
            assert parsed.suggestions == review.suggestions


def test_poor_reviews_are_often_wrong() -> None:
    rng = random.Random(7)
    approved = [poor_review(rng, p.reference, code).judgment is Judgment.CORRECT for p, code in drafts()]

    assert 0.2 < sum(approved) / len(approved) < 0.8
