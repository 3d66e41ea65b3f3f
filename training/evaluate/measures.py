"""Figures with their standard errors.

All shares are of all samples unless a name says otherwise. Samples of one problem are not independent, so
standard errors are over problems: the spread of the problems' means.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.critique import Critique, Judgment, Parsed
from training.evaluate.critics import Reviewed
from training.evaluate.trial import Trial
from training.tasks.pipeline import Pipeline
from training.tasks.review import apply_edit, careful_review

_MOST_EDITS = 8


@dataclass(frozen=True, slots=True)
class Share:
    """A share in [0, 1], its standard error, and the number of samples behind it."""

    value: float
    error: float
    samples: int

    def __str__(self) -> str:
        return f"{100 * self.value:5.1f} ± {100 * self.error:.1f} %"


def share(flags: Sequence[bool], problems: Sequence[str]) -> Share:
    """The share of true flags; `problems` names the problem of each sample."""
    if not flags:
        return Share(math.nan, math.nan, 0)
    groups: dict[str, list[bool]] = defaultdict(list)
    for flag, problem in zip(flags, problems, strict=True):
        groups[problem].append(flag)
    mean = sum(flags) / len(flags)
    residuals = [sum(group) - mean * len(group) for group in groups.values()]
    error = math.sqrt(sum(r * r for r in residuals)) / len(flags)
    return Share(mean, error, len(flags))


@dataclass(frozen=True, slots=True)
class Summary:
    """A trial in figures. `rounds[r]` is pass@1 after round r; Δ↑ and Δ↓ are against the draft."""

    name: str
    rounds: tuple[Share, ...]
    delta_up: Share
    delta_down: Share
    repaired: Share
    """Share of the wrong drafts that one round made right."""
    broken: Share
    """Share of the right drafts that one round made wrong."""
    accuracy: Share
    """Share of drafts whose first judgment is the sandbox's verdict; an unparsed one counts as wrong."""
    strict: Share


def summarize(trial: Trial, drafts: Sequence[Reviewed]) -> Summary:
    """All figures of a trial; asserts that pass@1 is the draft's plus Δ↑ minus Δ↓."""
    problems = [item.problem.id for item in drafts]
    first, last = trial.passed[0], trial.passed[-1]
    after_one = trial.passed[min(1, len(trial.passed) - 1)]
    up = [not a and b for a, b in zip(first, last, strict=True)]
    down = [a and not b for a, b in zip(first, last, strict=True)]
    assert sum(last) == sum(first) + sum(up) - sum(down)
    return Summary(
        name=trial.name,
        rounds=tuple(share(flags, problems) for flags in trial.passed),
        delta_up=share(up, problems),
        delta_down=share(down, problems),
        repaired=_where([not a for a in first], after_one, problems),
        broken=_where(first, [not b for b in after_one], problems),
        accuracy=accuracy(trial.critiques, first, problems),
        strict=share([c.parsed is Parsed.STRICT for c in trial.critiques], problems[: len(trial.critiques)]),
    )


def accuracy(critiques: Sequence[Critique], right: Sequence[bool], problems: Sequence[str]) -> Share:
    """How often the judgment is the verdict."""
    wanted = [Judgment.CORRECT if flag else Judgment.INCORRECT for flag in right]
    agree = [c.judgment is w for c, w in zip(critiques, wanted, strict=False)]
    return share(agree, problems[: len(agree)])


def _where(chosen: Sequence[bool], flags: Sequence[bool], problems: Sequence[str]) -> Share:
    picked = [(flag, problem) for take, flag, problem in zip(chosen, flags, problems, strict=True) if take]
    return share([flag for flag, _ in picked], [problem for _, problem in picked])


def slips(reference: Pipeline, code: str) -> int:
    """How many literal edits turn a program into the reference (0: it is the reference)."""
    for count in range(_MOST_EDITS):
        edit = careful_review(reference, code).edit
        if edit is None:
            return count
        code = apply_edit(reference, code, edit)
    return _MOST_EDITS
