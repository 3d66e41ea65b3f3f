import pytest

from tests.rulings import ruled
from training.evaluate.critics import Reviewed
from training.evaluate.reward_model import by_logprob, by_votes, draw_pairs
from training.tasks.mini import Split, problems

RIGHT, WRONG = ruled(right=True), ruled(right=False)
RECORD = {
    "problems": ["a", "b"],
    "votes": [["1110", "1000"], ["1100", "1100"]],
    "scores": [[0.9, 0.2], [None, None]],
}


def test_ties_are_errors_or_half_of_one() -> None:
    four = by_votes(RECORD, 4)

    assert four.ties_lose.value == 0.5
    assert four.ties_halve.value == 0.75
    assert four.ties.value == 0.5


def test_few_votes_are_averaged_over_the_blocks_that_all_votes_make() -> None:
    one = by_votes(RECORD, 1)

    assert one.ties_lose.value == pytest.approx((2 / 4 + 0) / 2)
    assert one.ties.value == pytest.approx((2 / 4 + 1) / 2)


def test_a_critique_without_a_judgment_scores_below_all_others() -> None:
    figures = by_logprob(RECORD | {"scores": [[0.1, None], [None, 0.1]]})

    assert figures is not None
    assert figures.ties_lose.value == 0.5
    assert figures.ties.value == 0.0


def test_a_checkpoint_without_scores_has_no_logprob_accuracy() -> None:
    assert by_logprob(RECORD | {"scores": None}) is None


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
