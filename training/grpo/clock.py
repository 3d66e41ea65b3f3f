"""Where a step's time goes: sampling, revising, judging, optimizing; and how much of it overlaps."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from training.rewards.desk import Work
from training.rewards.outcome import Span


@dataclass(slots=True)
class Clock:
    """Collects spans of `time.monotonic` seconds between two readings."""

    work: Callable[[], Work]
    """The work on rewards since last asked."""
    _sampling: list[Span] = field(default_factory=list)
    _prepared_s: float = 0.0
    _stepped_s: float = 0.0

    def sampled(self, start: float, end: float) -> None:
        """Note that critiques were sampled from `start` to `end`."""
        self._sampling.append((start, end))

    def prepared(self, start: float, end: float) -> None:
        """Note that a whole batch was sampled, scored and compared with the reference."""
        self._prepared_s += end - start

    def stepped(self, start: float, end: float) -> None:
        """Note a whole step: what was prepared in it, and the passes forward and back."""
        self._stepped_s += end - start

    def read(self) -> dict[str, float]:
        """Seconds since the last reading.

        Sampling, revising and judging overlap; `overlap` is the share of the latter two's time that sampling
        covered, `wait_s` what sampling did not cover, and `optimize_s` the rest of the steps.
        """
        work, sampling = self.work(), self._sampling
        rewards = united([*work.revising, *work.judging])
        covered_s = sum(_common_s(one, other) for one in rewards for other in sampling)
        reward_s, sample_s = _total_s(rewards), _total_s(sampling)
        figures = {
            "sample_s": sample_s,
            "revise_s": _total_s(united(work.revising)),
            "sandbox_s": _total_s(united(work.judging)),
            "reward_s": reward_s,
            "wait_s": reward_s - covered_s,
            "optimize_s": max(0.0, self._stepped_s - sample_s - (reward_s - covered_s)),
            "prepare_s": self._prepared_s,
        }
        if reward_s > 0:
            figures["overlap"] = covered_s / reward_s
        self._sampling, self._prepared_s, self._stepped_s = [], 0.0, 0.0
        return figures


def _total_s(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def _common_s(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def united(spans: Iterable[Span]) -> list[Span]:
    """Merge spans that touch, so that no second counts twice."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
