"""Where a step's time goes: sampling, revising, judging, optimizing; and how much of it overlaps."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from training.rewards.desk import Span


@dataclass(slots=True)
class Clock:
    """Collects spans of `time.monotonic` seconds between two readings."""

    working: Callable[[], Sequence[Span]]
    """When rewards were being found since last asked."""
    _sampling: list[Span] = field(default_factory=list)
    _prepared_s: float = 0.0

    def sampled(self, start: float, end: float) -> None:
        """Note that critiques were sampled from `start` to `end`."""
        self._sampling.append((start, end))

    def prepared(self, start: float, end: float) -> None:
        """Note that a whole batch was sampled, scored and compared with the reference."""
        self._prepared_s += end - start

    def read(self) -> dict[str, float]:
        """Seconds since the last reading; `overlap` is the share of reward time that sampling covered."""
        sampling, rewards = self._sampling, united(self.working())
        covered = sum(_common_s(one, other) for one in rewards for other in sampling)
        reward_s = sum(end - start for start, end in rewards)
        figures = {
            "sample_s": sum(end - start for start, end in sampling),
            "reward_s": reward_s,
            "prepare_s": self._prepared_s,
        }
        if reward_s > 0:
            figures["overlap"] = covered / reward_s
        self._sampling, self._prepared_s = [], 0.0
        return figures


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
