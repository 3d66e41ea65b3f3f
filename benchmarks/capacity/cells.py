"""A large system as cells that know nothing of each other, each with gateways, engines, sandbox and a Redis.

A cell is what one store and one list of replicas can serve. It is how the system is scaled, because a store
is one Redis and a model has 64 addresses at most; it is also why a simulation of one cell tells of all.
"""

import math
from dataclasses import dataclass, replace

from benchmarks.capacity.plan import Plan, Sizes
from benchmarks.capacity.simulation.findings import Course, Findings, pooled, simulate
from benchmarks.capacity.simulation.system import Bounds
from service.settings import ADDRESSES

_STEPS = 30
_HIGHEST = 1e6
"""Refinements a second: parts that cost nothing have no limit."""


@dataclass(frozen=True, slots=True)
class Division:
    """A rate, in equal cells."""

    cells: int
    rate: float
    """Of one cell."""
    sizes: Sizes
    """Of one cell."""


def divided(plan: Plan, rate: float, cells: int | None = None) -> Division:
    """Divide a rate into as few cells as can carry it, or into so many."""
    cells = cells or math.ceil(rate / largest(plan))
    return Division(cells, rate / cells, plan.sizes(rate / cells))


def largest(plan: Plan) -> float:
    """Return the highest rate that one store and one list of replicas carry at the plan's target load."""
    low, high = 0.0, 1.0
    while _fits(plan.sizes(high)) and high < _HIGHEST:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _fits(plan.sizes(middle)) else (low, middle)
    return low


def simulated(
    plan: Plan, division: Division, course: Course, bounds: Bounds | None = None, most: int | None = None
) -> tuple[Findings, float]:
    """Simulate cells, at `most` so many, and put them together; return the share that was simulated."""
    run = min(division.cells, most or division.cells)
    found = [
        simulate(plan, division.rate, division.sizes, replace(course, seed=course.seed + number), bounds)
        for number in range(run)
    ]
    return pooled(found), run / division.cells


def _fits(sizes: Sizes) -> bool:
    return sizes.stores == 1 and max(sizes.replicas.values()) <= ADDRESSES
