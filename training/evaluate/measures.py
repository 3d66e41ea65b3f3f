"""A trial in figures. Shares are of all samples unless a name says otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.estimate import Estimate, difference, mean, mean_where
from training.evaluate.discrimination import Discrimination, discrimination
from training.evaluate.trial import Flags, Trial
from training.tasks.pipeline import Pipeline
from training.tasks.review import apply_edit, careful_review

_MOST_EDITS = 8


@dataclass(frozen=True, slots=True)
class Summary:
    """A trial in figures. `rounds[r]` is pass@1 after round r; Δ↑ and Δ↓ are against the draft."""

    name: str
    rounds: tuple[Estimate, ...]
    delta_up: Estimate
    delta_down: Estimate
    lift: Estimate
    """Pass@1 after the last round less that of the drafts, paired."""
    repaired: Estimate
    """Share of the wrong drafts that one round made right."""
    broken: Estimate
    """Share of the right drafts that one round made wrong."""
    judgments: Discrimination
    """First judgments against the tests."""
    strict: Estimate
    tokens_once: Estimate
    """Completion tokens a sample after one round, the draft's too."""
    tokens: Estimate
    """The same after all rounds."""
    similarity: Estimate
    """Edit similarity of first revisions to their drafts."""
    advice: Estimate
    """Share of the wrong drafts rejected whose suggestion is the careful reviewer's."""
    letter: Estimate
    """Share of the first revisions of these that do to the letter what an edit suggested says."""
    astray: Estimate
    """The same where the edit suggested is not the careful reviewer's."""


def summarize(trial: Trial, problems: Sequence[str]) -> Summary:
    """All figures of a trial; asserts that pass@1 is the draft's plus Δ↑ minus Δ↓."""
    first, last = trial.passed[0], trial.passed[-1]
    once = trial.until(1)
    after_one = once.passed[-1]
    up, down = changes(trial)
    assert sum(last) == sum(first) + sum(up) - sum(down)
    revised = [value is not None for value in trial.similarity]
    kept = [value or 0.0 for value in trial.similarity]
    return Summary(
        name=trial.name,
        rounds=tuple(mean(flags, problems) for flags in trial.passed),
        delta_up=mean(up, problems),
        delta_down=mean(down, problems),
        lift=difference(last, first, problems),
        repaired=mean_where([not a for a in first], after_one, problems),
        broken=mean_where(first, [not b for b in after_one], problems),
        judgments=discrimination(trial.judged, first, problems),
        strict=mean(trial.strict, problems[: len(trial.strict)]),
        tokens_once=mean(once.tokens[-1], problems),
        tokens=mean(trial.tokens[-1], problems),
        similarity=mean_where(revised, kept, problems[: len(kept)]),
        advice=_share(trial.advice, first, problems),
        letter=_share(trial.letter, first, problems),
        astray=_share(
            [None if careful else done for careful, done in zip(trial.advice, trial.letter, strict=True)],
            first,
            problems,
        ),
    )


def _share(marks: Sequence[bool | None], right: Flags, problems: Sequence[str]) -> Estimate:
    """The share of the marks of wrong drafts that are set; those that are None are left out."""
    count = len(marks)
    chosen = [mark is not None and not passed for mark, passed in zip(marks, right[:count], strict=True)]
    return mean_where(chosen, [mark or False for mark in marks], problems[:count])


def changes(trial: Trial) -> tuple[list[bool], list[bool]]:
    """Which items were wrong and became right, and which were right and became wrong, by the last round."""
    pairs = list(zip(trial.passed[0], trial.passed[-1], strict=True))
    return [b and not a for a, b in pairs], [a and not b for a, b in pairs]


def slips(reference: Pipeline, code: str) -> int:
    """How many literal edits turn a program into the reference (0: it is the reference)."""
    for count in range(_MOST_EDITS):
        edit = careful_review(reference, code).edit
        if edit is None:
            return count
        code = apply_edit(reference, code, edit)
    return _MOST_EDITS
