"""Claim 9: whether reinforcement learnt without going astray, from its metrics step by step."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from training.report.claim import Claim, Part, not_run
from training.tasks.records import read_jsonl

_LEAST_SEEDS = 3
_MOST_KL = 1.0
"""Nats; a critic that drifts further from SFT has left the language it was taught."""
_LEAST_ENTROPY = 0.1
"""Of what it was at first."""
_LEAST_FORMAT = 0.95
_MOST_FLAT = 0.8


@dataclass(frozen=True, slots=True)
class Course:
    """One seed's metrics, one mapping a step."""

    seed: int
    steps: tuple[Mapping[str, float], ...]

    def series(self, name: str) -> list[tuple[int, float]]:
        """A metric by step, where it was logged."""
        return [(int(step["step"]), step[name]) for step in self.steps if name in step]

    def ends(self, name: str) -> tuple[Sequence[float], Sequence[float]]:
        """Values of the first and of the last quarter."""
        values = [value for _, value in self.series(name)]
        quarter = max(1, len(values) // 4)
        return values[:quarter], values[-quarter:]


def read_course(seed: int, path: Path) -> Course:
    """Read a run's metrics; lines without a reward are summaries and not steps."""
    lines = [_numbers(line) for line in read_jsonl(path)]
    return Course(seed, tuple(line for line in lines if "reward" in line and "step" in line))


def _numbers(line: dict[str, object]) -> dict[str, float]:
    return {name: float(value) for name, value in line.items() if isinstance(value, int | float)}


def healthy(courses: Sequence[Course], longest: int) -> Claim:
    """Claim 9; `longest` is how many tokens a critique may have."""
    title = "Reinforcement is healthy on all seeds"
    if not any(course.steps for course in courses):
        return Claim(9, title, (not_run("reward rises", "no metrics of reinforcement"),))
    count = len(courses)
    seeds = Part(f"{_LEAST_SEEDS} seeds at least", f"{count}", True if count >= _LEAST_SEEDS else None)
    parts = [
        _part(courses, "reward", "reward rises from the first quarter of the steps to the last", _rises),
        _part(courses, "kl", f"KL stays below {_MOST_KL:g}", lambda _, last: fmean(last) < _MOST_KL),
        _part(
            courses,
            "entropy",
            f"entropy keeps {_LEAST_ENTROPY:.0%} of its start",
            lambda first, last: fmean(last) >= _LEAST_ENTROPY * fmean(first),
        ),
        _part(
            courses,
            "completions/mean_length",
            f"critiques stay shorter than the limit of {longest} tokens",
            lambda _, last: fmean(last) < longest,
        ),
        _part(
            courses,
            "format",
            f"{_LEAST_FORMAT:.0%} of the critiques keep the format",
            lambda _, last: fmean(last) >= _LEAST_FORMAT,
        ),
        _part(courses, "judgment_accuracy", "judgment accuracy does not fall", _does_not_fall),
        _part(
            courses,
            "frac_reward_zero_std",
            f"fewer than {_MOST_FLAT:.0%} of the groups are without spread",
            lambda _, last: fmean(last) < _MOST_FLAT,
        ),
    ]
    return Claim(9, title, (*parts, seeds))


_Test = Callable[[Sequence[float], Sequence[float]], bool]


def _part(courses: Sequence[Course], metric: str, statement: str, test: _Test) -> Part:
    ends = [course.ends(metric) for course in courses if course.series(metric)]
    if not ends:
        return not_run(statement, f"no {metric} in the metrics")
    figures = "; ".join(f"{fmean(first):.3g} to {fmean(last):.3g}" for first, last in ends)
    return Part(statement, figures, all(test(first, last) for first, last in ends))


def _rises(first: Sequence[float], last: Sequence[float]) -> bool:
    return fmean(last) - fmean(first) > 2 * _error(first, last)


def _does_not_fall(first: Sequence[float], last: Sequence[float]) -> bool:
    return fmean(last) - fmean(first) >= -2 * _error(first, last)


def _error(first: Sequence[float], last: Sequence[float]) -> float:
    """Standard error of the difference of two means over steps."""
    spreads = [stdev(values) / math.sqrt(len(values)) for values in (first, last) if len(values) > 1]
    return math.hypot(*spreads)
