import math
from dataclasses import replace

import pytest

from service.domain.critique import Critique, Judgment, Parsed
from service.domain.verdict import Outcome, Verdict
from training.evaluate.critics import Reviewed
from training.evaluate.gates import Gate
from training.evaluate.measures import Share, share, slips, summarize
from training.evaluate.trial import Trial
from training.tasks.mini import Problem, Split, problems

PROBLEMS = list(problems(Split.TEST, 9, 4))
RIGHT, WRONG = Verdict(Outcome.ACCEPTED, 1, 1), Verdict(Outcome.WRONG_ANSWER, 0, 1)


def item(problem: Problem, *, right: bool) -> Reviewed:
    return Reviewed(problem, "", RIGHT if right else WRONG)


def test_a_share_of_independent_samples_has_the_binomial_error() -> None:
    figure = share([True, False, True, True], ["a", "b", "c", "d"])

    assert figure.value == 0.75
    assert figure.error == pytest.approx(math.sqrt(0.75 * 0.25 / 4))


def test_samples_of_one_problem_count_as_one() -> None:
    apart = share([True, True, False, False], ["a", "b", "c", "d"])
    together = share([True, True, False, False], ["a", "a", "b", "b"])

    assert together.error == pytest.approx(apart.error * math.sqrt(2))


def test_no_samples_give_no_figure() -> None:
    assert math.isnan(share([], []).value)


def test_deltas_are_against_the_draft_and_of_all_samples() -> None:
    drafts = [item(p, right=r) for p, r in zip(PROBLEMS, (True, True, False, False), strict=True)]
    critiques = tuple(
        Critique("", judgment=j, parsed=Parsed.STRICT)
        for j in (Judgment.CORRECT, Judgment.INCORRECT, Judgment.INCORRECT, None)
    )
    trial = Trial(
        "x", ((True, True, False, False), (True, False, True, False), (True, False, True, True)), critiques
    )

    summary = summarize(trial, drafts)

    assert [s.value for s in summary.rounds] == [0.5, 0.5, 0.75]
    assert (summary.delta_up.value, summary.delta_down.value) == (0.5, 0.25)
    assert (summary.repaired.value, summary.broken.value) == (0.5, 0.5)
    assert summary.accuracy.value == 0.5
    assert summary.strict.value == 1.0


def test_slips_are_counted_in_edits() -> None:
    reference = PROBLEMS[0].reference
    shorter = replace(reference, steps=reference.steps[1:])

    assert slips(reference, reference.code()) == 0
    assert slips(reference, shorter.code()) >= (len(reference.steps) > 1)


@pytest.mark.parametrize(("value", "holds"), [(0.39, False), (0.4, True), (0.7, True), (0.71, False)])
def test_a_gate_holds_between_its_bounds(value: float, *, holds: bool) -> None:
    assert Gate("band", Share(value, 0.01, 100), 0.4, 0.7).holds is holds


def test_a_gate_without_samples_does_not_hold() -> None:
    assert not Gate("nothing", share([], []), least=0.5).holds
