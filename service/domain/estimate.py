"""Means with their standard errors.

Samples of one problem are not independent, so errors are over problems: the spread of the problems' sums
around what the mean predicts for them. Sums are exact, so the order of the samples changes no digit.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_SIGNIFICANT = 2.0
"""Standard errors that a difference must exceed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, its standard error over problems, and the number of samples behind it; NaN without samples."""

    value: float
    error: float
    samples: int

    def __str__(self) -> str:
        return f"{100 * self.value:5.1f} ± {100 * self.error:.1f} %"

    @property
    def is_above_zero(self) -> bool:
        """Whether it exceeds zero by more than two standard errors."""
        return self.value > _SIGNIFICANT * self.error

    @property
    def is_below_zero(self) -> bool:
        """Whether it is short of zero by more than two standard errors."""
        return self.value < -_SIGNIFICANT * self.error


NOTHING = Estimate(math.nan, math.nan, 0)


def mean(values: Sequence[float], problems: Sequence[str]) -> Estimate:
    """The mean of samples; `problems` names the problem of each. Flags give a share."""
    if not values:
        return NOTHING
    groups: dict[str, list[float]] = defaultdict(list)
    for value, problem in zip(values, problems, strict=True):
        groups[problem].append(value)
    middle = math.fsum(values) / len(values)
    residuals = [math.fsum(group) - middle * len(group) for group in groups.values()]
    error = math.sqrt(math.fsum(r * r for r in residuals)) / len(values)
    return Estimate(middle, error, len(values))


def mean_where(chosen: Sequence[bool], values: Sequence[float], problems: Sequence[str]) -> Estimate:
    """The mean of some samples."""
    places = [place for place, take in enumerate(chosen) if take]
    return mean([values[place] for place in places], [problems[place] for place in places])


def difference(first: Sequence[float], second: Sequence[float], problems: Sequence[str]) -> Estimate:
    """How much the first exceeds the second on the same samples: paired, so what both share cancels."""
    return mean([a - b for a, b in zip(first, second, strict=True)], problems)


def unpaired(first: Estimate, second: Estimate) -> Estimate:
    """The same difference as if the two had been measured on different samples."""
    error = math.hypot(first.error, second.error)
    return Estimate(first.value - second.value, error, min(first.samples, second.samples))
