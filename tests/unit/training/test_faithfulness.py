"""Whether critiques suggest what a careful reviewer would, and revisions do what they suggest."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from service.domain.critique import Critique, Judgment
from tests.rulings import ruled
from training.evaluate.critics import Remark, Reviewed
from training.evaluate.group import Group, group_from_json
from training.evaluate.measures import summarize
from training.evaluate.posed import Recorded
from training.evaluate.resampling import approved_trial
from training.evaluate.trial import Rule, Trial, run_trial
from training.report.reviewers import NOT_RUN, advice_table, summaries_of
from training.tasks.advice import carried_out
from training.tasks.mini import Problem, Split, problems
from training.tasks.pipeline import Pipeline
from training.tasks.review import careful_review

PROBLEM: Problem = next(p for p in problems(Split.TEST, 9, 50) if len(p.reference.steps) == 4)
REFERENCE = PROBLEM.reference
LABELS = ["a", "b", "c", "d", "e", "f"]
SWAP = "Swap lines 2 and 3"
Revise = Callable[[Reviewed, Critique], str]


def draft() -> str:
    """The reference less its first step."""
    return Pipeline(REFERENCE.shape, REFERENCE.steps[1:]).code()


def reviewed(code: str, *, right: bool = False) -> Reviewed:
    return Reviewed(PROBLEM, code, ruled(right=right), 5)


class Saying:
    """Says to each candidate what it is told to, and Incorrect, or Correct where that is nothing."""

    def __init__(self, *suggestions: str) -> None:
        self.suggestions = suggestions

    def review(self, items: Sequence[Reviewed], seed: int) -> list[Remark]:
        return [
            Remark(Critique("", suggestions=said, judgment=Judgment.INCORRECT if said else Judgment.CORRECT))
            for said in self.suggestions
        ]


def to_the_letter(item: Reviewed, critique: Critique) -> str:
    return carried_out(REFERENCE, item.code, critique.suggestions) or item.code


def anew(item: Reviewed, critique: Critique) -> str:
    """Solve the problem, whatever the critique says."""
    return REFERENCE.code()


def trial(drafts: Sequence[Reviewed], suggestions: Sequence[str], revise: Revise) -> Trial:
    def revised(
        _round: int, _places: Sequence[int], items: Sequence[Reviewed], critiques: Sequence[Critique]
    ) -> list[Reviewed]:
        codes = [revise(*pair) for pair in zip(items, critiques, strict=True)]
        return [reviewed(code, right=code == REFERENCE.code()) for code in codes]

    return run_trial("x", drafts, Saying(*suggestions), revised, Rule(1))


def careful() -> str:
    return careful_review(REFERENCE, draft()).suggestions


SUGGESTIONS = ("", SWAP, "Try to fix the mistake.", SWAP)


@pytest.mark.parametrize(("revise", "letter"), [(to_the_letter, True), (anew, False)])
def test_what_a_reviser_makes_of_needless_swaps_is_noted(revise: Revise, *, letter: bool) -> None:
    drafts = [reviewed(draft()) for _ in range(3)] + [reviewed(REFERENCE.code(), right=True)]
    found = trial([*drafts, reviewed(draft())], (*SUGGESTIONS, careful()), revise)

    assert found.advice == (None, False, False, False, True)
    # Careful advice leads to the reference, so that one who solves the problem anew carries it out too.
    assert found.letter == (None, letter, None, letter, True)


def test_layout_at_the_end_is_no_change() -> None:
    found = trial([reviewed(draft().rstrip("\n"))], [SWAP], lambda i, c: to_the_letter(i, c).rstrip("\n"))

    assert found.letter == (True,)


def test_only_wrong_drafts_that_are_rejected_count() -> None:
    drafts = [reviewed(draft()) for _ in range(3)] + [reviewed(REFERENCE.code(), right=True)]
    found = trial([*drafts, reviewed(draft()), reviewed(draft())], (*SUGGESTIONS, careful(), SWAP), anew)

    summary = summarize(found, LABELS)

    assert (summary.advice.value, summary.advice.samples) == (0.25, 4)
    assert summary.letter.value == pytest.approx(1 / 3)
    assert summary.letter.samples == 3
    assert (summary.astray.value, summary.astray.samples) == (0.0, 2)
    assert summary.advice.error > 0


def test_errors_are_over_problems() -> None:
    found = trial([reviewed(draft())] * 4, (careful(), careful(), SWAP, SWAP), anew)

    apart = summarize(found, ["a", "b", "c", "d"]).advice
    together = summarize(found, ["a", "a", "b", "b"]).advice

    assert together.error == pytest.approx(apart.error * 2**0.5)


def test_a_problem_without_a_reference_has_no_such_figures() -> None:
    real = Recorded("r", PROBLEM.task, PROBLEM.judged_task, None)
    found = trial([Reviewed(real, draft(), ruled(right=False))], [SWAP], anew)

    assert (found.advice, found.letter) == ((None,), (None,))
    assert advice_table(summaries_of(Group((0,), 1, {"x": found}))) == NOT_RUN


def test_a_draft_drawn_anew_follows_no_advice() -> None:
    found = approved_trial("x", [reviewed(draft())], [[reviewed(draft())]], Saying(SWAP))

    assert (found.advice, found.letter) == ((), ())


def test_the_figures_are_kept_and_an_evaluation_of_before_is_still_reported() -> None:
    found = trial([reviewed(draft())] * 5, (*SUGGESTIONS, careful()), anew)
    group = Group((3,), 5, {"x": found})
    record = group.to_json()
    assert group_from_json(record) == group
    assert group_from_json(record).trials["x"].only([1, 4]).letter == (False, True)

    trials = record["trials"]
    assert isinstance(trials, dict)
    for name in ("advice", "letter"):
        del trials["x"][name]

    before = group_from_json(record)
    assert before.trials["x"] == replace(found, advice=(), letter=())
    assert advice_table(summaries_of(before)) == NOT_RUN


def test_the_table_has_the_reviewers_that_suggest_edits() -> None:
    kept = Trial("zero-shot", ((False,) * 5,), ((1,) * 5,))
    vague = trial([reviewed(draft())] * 5, ["Look at the steps again."] * 5, anew)
    found = trial([reviewed(draft())] * 5, (*SUGGESTIONS, careful()), anew)
    group = Group((3,), 5, {"kept": kept, "vague": replace(vague, name="vague"), "x": found})

    _, _, *lines = advice_table(summaries_of(group)).split("\n")

    assert [line.split(" | ")[:3] for line in lines] == [["| x", "4", "25.0 ± 0.0"]]
    assert lines[0].endswith("| 33.3 ± 0.0 | 0.0 ± 0.0 |")
