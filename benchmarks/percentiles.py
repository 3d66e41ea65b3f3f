"""Percentiles, found the same way in every benchmark."""

from collections.abc import Sequence


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the smallest value that more than `percent` in a hundred do not exceed, at most the largest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
