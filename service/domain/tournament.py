"""Who is compared with whom: everyone with everyone while that is cheap, a Swiss tournament beyond.

In a Swiss tournament each round pairs neighbours in the standings that have not met, so a few rounds, the
binary logarithm of the field, sort the best from the rest. Who is left over in a round has a point for it,
or an odd field would bury whom it leaves out.
Pairings follow from the standings and the order of entry alone: the same results give the same ones.
"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import combinations
from math import ceil, log2

ALL_PAIRS = 16
"""Entrants up to whom each meets each: 120 pairs."""

Pair = tuple[int, int]
Meet = Callable[[Sequence[Pair]], Awaitable[Sequence[float | None]]]
"""Holds one round: for each pair the first one's share of the point, None where it cannot be told."""


async def hold(entrants: int, meet: Meet) -> dict[Pair, float | None]:
    """Hold the rounds and return every meeting."""
    if entrants <= ALL_PAIRS:
        pairs = list(combinations(range(entrants), 2))
        return dict(zip(pairs, await meet(pairs), strict=True))
    met: dict[Pair, float | None] = {}
    for rounds in range(ceil(log2(entrants))):
        pairs = swiss_round(standings(entrants, met, rounds), met)
        met.update(zip(pairs, await meet(pairs), strict=True))
    return met


def standings(entrants: int, met: dict[Pair, float | None], rounds: int) -> list[int]:
    """Order the entrants by their points after some rounds; equals keep the order of entry."""
    points = [float(rounds)] * entrants
    for (first, second), share in met.items():
        won = 0.5 if share is None else share
        points[first] -= 1 - won
        points[second] -= won
    return sorted(range(entrants), key=lambda entrant: -points[entrant])


def swiss_round(order: Sequence[int], met: dict[Pair, float | None]) -> list[Pair]:
    """Pair each with the next in the order whom it has not met."""
    waiting, pairs = list(order), []
    while waiting:
        first = waiting.pop(0)
        second = next((other for other in waiting if _pair(first, other) not in met), None)
        if second is not None:
            waiting.remove(second)
            pairs.append(_pair(first, second))
    return pairs


def _pair(one: int, other: int) -> Pair:
    return min(one, other), max(one, other)
