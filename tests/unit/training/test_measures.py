import math
import random
from collections import Counter
from dataclasses import replace

import pytest

from service.domain.critique import Judgment
from service.domain.estimate import Estimate, difference, mean, unpaired
from training.evaluate.discrimination import discrimination, f1
from training.evaluate.gates import Gate
from training.evaluate.group import Group, group_from_json
from training.evaluate.measures import slips, summarize
from training.evaluate.trial import Trial
from training.tasks.mini import Split, problems

PROBLEMS = list(problems(Split.TEST, 9, 4))
ABCD = ["a", "b", "c", "d"]
YES, NO = Judgment.CORRECT, Judgment.INCORRECT


def test_a_share_of_independent_samples_has_the_binomial_error() -> None:
    figure = mean([True, False, True, True], ABCD)

    assert figure.value == 0.75
    assert figure.error == pytest.approx(math.sqrt(0.75 * 0.25 / 4))


def test_samples_of_one_problem_count_as_one() -> None:
    apart = mean([True, True, False, False], ABCD)
    together = mean([True, True, False, False], ["a", "a", "b", "b"])

    assert together.error == pytest.approx(apart.error * math.sqrt(2))


def test_the_order_of_the_samples_changes_no_digit() -> None:
    rng = random.Random(1)
    samples = [(rng.random(), f"p{number % 7}") for number in range(50)]
    shuffled = rng.sample(samples, len(samples))

    assert mean(*zip(*samples, strict=True)) == mean(*zip(*shuffled, strict=True))


def test_no_samples_give_no_figure() -> None:
    assert math.isnan(mean([], []).value)
    assert not mean([], []).is_above_zero


def test_what_two_reviewers_share_cancels_in_a_paired_difference() -> None:
    first, second = [True, True, False, False], [True, True, False, False]

    paired = difference(first, second, ABCD)

    assert (paired.value, paired.error) == (0.0, 0.0)
    assert unpaired(mean(first, ABCD), mean(second, ABCD)).error == pytest.approx(math.sqrt(2) / 4)


def test_a_difference_counts_from_more_than_two_standard_errors_on() -> None:
    assert Estimate(0.21, 0.1, 9).is_above_zero
    assert not Estimate(0.2, 0.1, 9).is_above_zero
    assert Estimate(-0.21, 0.1, 9).is_below_zero
    assert not Estimate(-0.2, 0.1, 9).is_below_zero


def trial() -> Trial:
    return Trial(
        "x",
        passed=((True, True, False, False), (True, False, True, False), (True, False, True, True)),
        tokens=((10, 10, 10, 10), (14, 20, 20, 20), (14, 30, 30, 30)),
        judged=(YES, NO, NO, None),
        strict=(True, True, True, True),
        similarity=(None, 0.5, 0.7, 0.9),
    )


def test_deltas_are_against_the_draft_and_of_all_samples() -> None:
    summary = summarize(trial(), ABCD)

    assert [s.value for s in summary.rounds] == [0.5, 0.5, 0.75]
    assert (summary.delta_up.value, summary.delta_down.value) == (0.5, 0.25)
    assert summary.lift.value == 0.25
    assert (summary.repaired.value, summary.broken.value) == (0.5, 0.5)
    assert summary.judgments.accuracy.value == 0.5
    assert summary.strict.value == 1.0


def test_tokens_are_of_all_samples_and_similarity_of_the_revised_ones() -> None:
    summary = summarize(trial(), ABCD)

    assert (summary.tokens_once.value, summary.tokens.value) == (18.5, 26.0)
    assert summary.similarity.value == pytest.approx(0.7)
    assert summary.similarity.samples == 3


def test_a_trial_can_be_cut_to_rounds_and_items() -> None:
    cut = trial().until(1).only([1, 3])

    assert cut.passed == ((True, False), (False, False))
    assert cut.tokens == ((10, 10), (20, 20))
    assert (cut.judged, cut.similarity) == ((NO, None), (0.5, 0.9))


def test_a_group_is_read_as_it_was_written() -> None:
    group = Group((1, 3), 2, {"x": trial()})

    assert group_from_json(group.to_json()) == group
    assert group.labels == ["0", "1", "0", "1"]
    assert group.of_length(3) == [1, 3]


def test_f1_of_a_class_counts_false_alarms_and_misses() -> None:
    cells = Counter({(True, YES): 3, (False, YES): 1, (True, NO): 2, (False, NO): 4, (True, None): 1})

    assert f1(cells, right=True) == pytest.approx(2 * 3 / (2 * 3 + 1 + 3))
    assert f1(cells, right=False) == pytest.approx(2 * 4 / (2 * 4 + 2 + 1))


def test_a_judge_that_always_says_the_same_has_the_f1_of_the_base_rate() -> None:
    figures = discrimination([NO] * 4, [True, False, False, False], ABCD)

    assert figures.base_rate.value == 0.25
    assert figures.f1_wrong.value == pytest.approx(2 * 0.75 / 1.75)
    assert figures.f1_right.value == 0.0
    assert figures.f1_macro.value == pytest.approx(0.75 / 1.75)
    assert figures.f1_macro.error > 0


def test_without_judgments_there_is_a_base_rate_and_no_f1() -> None:
    figures = discrimination([], [True, False], ["a", "b"])

    assert figures.base_rate.value == 0.5
    assert math.isnan(figures.f1_macro.value)


def test_slips_are_counted_in_edits() -> None:
    reference = PROBLEMS[0].reference
    shorter = replace(reference, steps=reference.steps[1:])

    assert slips(reference, reference.code()) == 0
    assert slips(reference, shorter.code()) >= (len(reference.steps) > 1)


@pytest.mark.parametrize(("value", "holds"), [(0.39, False), (0.4, True), (0.7, True), (0.71, False)])
def test_a_gate_holds_between_its_bounds(value: float, *, holds: bool) -> None:
    assert Gate("band", Estimate(value, 0.01, 100), 0.4, 0.7).holds is holds


def test_a_gate_without_samples_does_not_hold() -> None:
    assert not Gate("nothing", mean([], []), least=0.5).holds
