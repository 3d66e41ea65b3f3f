"""A claim taken apart into what can be read off figures, each true, false or not measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.domain.estimate import Estimate, difference, mean, unpaired
from training.evaluate.group import Group
from training.evaluate.trial import Trial


class Status(StrEnum):
    """What became of a claim."""

    HOLDS = "holds"
    REFUTED = "refuted"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Part:
    """One statement, the figures behind it, and whether they bear it out; None where nothing was measured."""

    statement: str
    figures: str
    holds: bool | None

    @property
    def status(self) -> Status:
        return Status.NOT_RUN if self.holds is None else Status.HOLDS if self.holds else Status.REFUTED


@dataclass(frozen=True, slots=True)
class Claim:
    """A numbered claim: refuted by any part that is, and held up by all of them together."""

    number: int
    title: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    """What belongs beside it and decides nothing."""

    @property
    def status(self) -> Status:
        statuses = {part.status for part in self.parts}
        if Status.REFUTED in statuses:
            return Status.REFUTED
        return Status.HOLDS if statuses == {Status.HOLDS} else Status.NOT_RUN


def not_run(statement: str, lacking: str) -> Part:
    """A part that nothing was measured for."""
    return Part(statement, lacking, None)


def exceeds(statement: str, group: Group, better: str, worse: str, number: int) -> Part:
    """Whether one row's pass@1 exceeds another's after a round by more than two paired standard errors."""
    missing = [key for key in (better, worse) if key not in group.trials]
    if missing:
        return not_run(statement, f"no row {', '.join(missing)}")
    first, second = flags(group.trials[better], number), flags(group.trials[worse], number)
    paired = difference(first, second, group.labels)
    return Part(statement, versus(first, second, group.labels), paired.is_above_zero)


def versus(first: Sequence[float], second: Sequence[float], problems: Sequence[str]) -> str:
    """Both shares, their paired difference, and whether an unpaired error would have decided the same."""
    a, b = mean(first, problems), mean(second, problems)
    paired, apart = difference(first, second, problems), unpaired(a, b)
    same = (paired.is_above_zero, paired.is_below_zero) == (apart.is_above_zero, apart.is_below_zero)
    also = "same verdict" if same else "another verdict"
    return (
        f"{percent(a.value)} against {percent(b.value)}: {points(paired)} paired; "
        f"± {100 * apart.error:.1f} unpaired, {also}"
    )


def flags(trial: Trial, number: int) -> Sequence[bool]:
    """Who passes after a round, or after the last one there is."""
    return trial.passed[min(number, len(trial.passed) - 1)]


def percent(value: float) -> str:
    """A share for people."""
    return "none" if math.isnan(value) else f"{100 * value:.1f} %"


def points(figure: Estimate) -> str:
    """A difference of shares for people."""
    return f"{100 * figure.value:+.1f} ± {100 * figure.error:.1f} points"
