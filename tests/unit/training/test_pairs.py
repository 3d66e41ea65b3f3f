"""Pairs for a reward model: from drafts, and from problems that are easily misread."""

from concurrent.futures import Future

from tests.rulings import ruled
from training.evaluate.critics import Reviewed
from training.evaluate.judge import Ruling
from training.evaluate.pairs import draw_pairs, misread_pairs
from training.evaluate.posed import Posed
from training.tasks.mini import Split, problems

RIGHT, WRONG = ruled(right=True), ruled(right=False)


class ReferenceJudge:
    """Takes the reference for right, and all else for wrong, or every program for right."""

    def __init__(self, *, accepts_all: bool = False) -> None:
        self._accepts_all = accepts_all

    def submit(self, problem: Posed, code: str) -> Future[Ruling]:
        assert problem.reference is not None
        return RIGHT if self._accepts_all or code == problem.reference.code() else WRONG


def test_each_problem_gives_one_pair_before_any_gives_two() -> None:
    first, second = problems(Split.TEST, 3, 2)
    drafts = [Reviewed(first, "right", RIGHT), Reviewed(first, "wrong", WRONG), Reviewed(first, "bad", WRONG)]
    drafts += [Reviewed(second, "right", RIGHT), Reviewed(second, "wrong", WRONG)]

    pairs = draw_pairs(drafts, 2, 1)

    assert {right.problem.id for right, _ in pairs} == {first.id, second.id}
    assert all(right.accepted and not wrong.accepted for right, wrong in pairs)
    assert len(draw_pairs(drafts, 9, 1)) == 3


def test_a_problem_without_a_wrong_program_gives_no_pair() -> None:
    (problem,) = problems(Split.TEST, 3, 1)

    assert draw_pairs([Reviewed(problem, "right", RIGHT)], 5, 1) == []


def test_a_solution_is_paired_with_what_a_careless_reader_would_write() -> None:
    pairs = misread_pairs(ReferenceJudge(), 4, 3)

    assert len({right.problem.id for right, _ in pairs}) == 4
    for right, wrong in pairs:
        assert right.accepted
        assert right.code != wrong.code == right.code.replace("s[::2]", "s[1::2]")


def test_programs_that_no_test_tells_apart_are_no_pair() -> None:
    assert misread_pairs(ReferenceJudge(accepts_all=True), 4, 3) == []
