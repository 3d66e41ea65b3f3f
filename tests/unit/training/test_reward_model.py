import pytest

from training.evaluate.reward_model import by_logprob, by_votes

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
