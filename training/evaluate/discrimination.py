"""How well judgments tell right programs from wrong ones: F1 for each class (paper, Table 2)."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.critique import Judgment
from service.domain.estimate import NOTHING, Estimate, mean

_Cell = tuple[bool, Judgment | None]
"""Whether the program is right, and what it was judged to be."""


@dataclass(frozen=True, slots=True)
class Discrimination:
    """Figures of a judge. An unread judgment is neither word, so it is an error for both classes.

    `base_rate` is the share of right programs: a judge that always says the same reaches an F1 of
    2b / (1 + b) on the class of share b, and 0 on the other.
    """

    accuracy: Estimate
    f1_right: Estimate
    f1_wrong: Estimate
    f1_macro: Estimate
    base_rate: Estimate


def discrimination(
    judged: Sequence[Judgment | None], right: Sequence[bool], problems: Sequence[str]
) -> Discrimination:
    """All figures, with errors over problems (jackknife for F1)."""
    base_rate = mean(right, problems)
    if not judged:
        return Discrimination(NOTHING, NOTHING, NOTHING, NOTHING, base_rate)
    agree = [
        j is (Judgment.CORRECT if flag else Judgment.INCORRECT) for j, flag in zip(judged, right, strict=True)
    ]
    by_problem: dict[str, Counter[_Cell]] = defaultdict(Counter)
    for problem, cell in zip(problems, zip(right, judged, strict=True), strict=True):
        by_problem[problem][cell] += 1
    groups = list(by_problem.values())
    right_one, wrong_one, macro = (_jackknife(groups, index, len(judged)) for index in range(3))
    return Discrimination(mean(agree, problems), right_one, wrong_one, macro, base_rate)


def f1(cells: Counter[_Cell], right: bool) -> float:
    """F1 of one class; NaN where the class neither occurs nor is named."""
    word = Judgment.CORRECT if right else Judgment.INCORRECT
    hits = cells[right, word]
    false_alarms = cells[not right, word]
    misses = sum(count for (is_right, _), count in cells.items() if is_right is right) - hits
    total = 2 * hits + false_alarms + misses
    return 2 * hits / total if total else math.nan


def _figures(cells: Counter[_Cell]) -> tuple[float, float, float]:
    right, wrong = f1(cells, right=True), f1(cells, right=False)
    return right, wrong, (right + wrong) / 2


def _jackknife(groups: Sequence[Counter[_Cell]], index: int, samples: int) -> Estimate:
    whole: Counter[_Cell] = sum(groups, Counter())
    value = _figures(whole)[index]
    left_out = [_figures(whole - group)[index] for group in groups]
    # A class of a single problem is gone without it.
    left_out = [figure for figure in left_out if not math.isnan(figure)]
    n = len(left_out)
    if n < 2:
        return Estimate(value, math.nan, samples)
    middle = sum(left_out) / n
    return Estimate(value, math.sqrt((n - 1) / n * sum((f - middle) ** 2 for f in left_out)), samples)
