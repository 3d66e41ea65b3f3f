"""Refinements in figures: pass@1 after each round, what was mended and broken, and at what cost.

Shares are of all samples, and errors over problems, as in the evaluations of `training`.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from service.domain.critique import Judgment
from service.domain.estimate import Estimate, mean, mean_where

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Course:
    """How one refinement went; `[r]` is round r, and 0 the draft."""

    problem: str
    passes: Sequence[bool]
    judged: Sequence[bool | None]
    """Whether the judgment agrees with the tests; one that cannot be read does not. None: nobody judged."""
    tokens: Sequence[int]
    """Completion tokens of generator and critic up to a round, its critique too."""
    selected: int
    """The round whose program is the answer."""

    @classmethod
    def of(cls, problem: str, row: Json) -> Self:
        """Read a row of the output."""
        rounds, passes = row["refinement"]["rounds"], row["passes"]
        spent = [a_round["usage"]["completion_tokens"] for a_round in rounds]
        return cls(
            problem,
            passes,
            [_agrees(a_round["critique"], right) for a_round, right in zip(rounds, passes, strict=True)],
            [sum(spent[: number + 1]) for number in range(len(spent))],
            row["refinement"]["selected"]["round"],
        )

    def at(self, number: int) -> int:
        """A refinement that has ended stays as it is."""
        return min(number, len(self.passes) - 1)


def _agrees(critique: Json | None, right: bool) -> bool | None:
    if critique is None:
        return None
    return bool(critique["judgment"] == (Judgment.CORRECT if right else Judgment.INCORRECT))


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """All samples as they stand after a round; Δ↑ and Δ↓ are against the draft."""

    pass_at_1: Estimate
    delta_up: Estimate
    delta_down: Estimate
    accuracy: Estimate
    """Of the judgments passed in this round."""
    completion_tokens: Estimate


@dataclass(frozen=True, slots=True)
class Figures:
    """An evaluation in figures."""

    rounds: Sequence[RoundFigures]
    answer: RoundFigures
    """With the programs that were selected, whatever their round; accuracy of the judgments on them."""
    pass_at_k: Mapping[int, Estimate]
    """Of the answers. Problems with fewer samples than k are left out."""


def figures(courses: Sequence[Course], samples: int) -> Figures:
    """All figures of at least one refinement."""
    last = max(len(course.passes) for course in courses)
    return Figures(
        [_round(courses, [course.at(number) for course in courses], number) for number in range(last)],
        _round(courses, [course.selected for course in courses]),
        {k: _pass_at(k, courses) for k in sorted({*_powers_of_two(samples), samples})},
    )


def _round(courses: Sequence[Course], places: Sequence[int], number: int | None = None) -> RoundFigures:
    """Figures of each refinement's program at its place; judgments are those of round `number`, or of all."""
    problems = [course.problem for course in courses]
    pairs = list(zip(courses, places, strict=True))
    first = [course.passes[0] for course in courses]
    now = [course.passes[place] for course, place in pairs]
    up = [after and not before for before, after in zip(first, now, strict=True)]
    down = [before and not after for before, after in zip(first, now, strict=True)]
    assert sum(now) == sum(first) + sum(up) - sum(down)
    judged = [course.judged[place] for course, place in pairs]
    counted = [
        agrees is not None and number in {None, place} for agrees, place in zip(judged, places, strict=True)
    ]
    return RoundFigures(
        mean(now, problems),
        mean(up, problems),
        mean(down, problems),
        mean_where(counted, [bool(agrees) for agrees in judged], problems),
        mean([c.tokens[place if number is not None else -1] for c, place in pairs], problems),
    )


def _pass_at(k: int, courses: Sequence[Course]) -> Estimate:
    """The unbiased estimate of Chen et al. (2021): 1 - C(n - c, k) / C(n, k), by problem."""
    answers: dict[str, list[bool]] = defaultdict(list)
    for course in courses:
        answers[course.problem].append(course.passes[course.selected])
    enough = {problem: passed for problem, passed in answers.items() if len(passed) >= k}
    shares = [
        1 - math.comb(len(passed) - sum(passed), k) / math.comb(len(passed), k) for passed in enough.values()
    ]
    return mean(shares, list(enough))


def _powers_of_two(most: int) -> list[int]:
    return [2**exponent for exponent in range(most.bit_length()) if 2**exponent <= most]
