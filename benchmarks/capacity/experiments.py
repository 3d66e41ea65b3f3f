"""The questions that are asked of plan and simulation."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.capacity.cells import Division, divided, simulated
from benchmarks.capacity.plan import Load, Plan, Sizes
from benchmarks.capacity.simulation.findings import Course, Findings, simulate
from benchmarks.capacity.simulation.system import Bounds

_WARM = 3.0
"""Mean latencies that pass before the measuring begins."""
_SHORT = 0.8
"""Of what a part needs to keep up, what it has in the experiment that takes something from it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is simulated."""

    measured_s: float
    cells: int
    """Of a large system at most."""
    seed: int


@dataclass(frozen=True, slots=True)
class AtRate:
    """What a rate needs, what the plan expects, what the simulation finds."""

    rate: float
    division: Division
    load: Load
    seconds: float
    found: Findings
    share: float
    """Of the cells, what was simulated."""


def at_rate(plan: Plan, rate: float, extent: Extent) -> AtRate:
    """Size a system for a rate and simulate it."""
    return _asked(plan, rate, divided(plan, rate), extent)


def _asked(plan: Plan, rate: float, division: Division, extent: Extent) -> AtRate:
    course = _course(plan, division.rate, division.sizes, extent)
    found, share = simulated(plan, division, course, most=extent.cells)
    load = plan.load(division.rate, division.sizes)
    return AtRate(rate, division, load, plan.seconds(division.rate, division.sizes), found, share)


def of_cell(plan: Plan, cell: Division, rate: float, extent: Extent) -> AtRate:
    """Ask a cell for another rate than it is sized for.

    What it cannot carry has no steady state: then the warming lasts as long as at the rate it is sized for.
    """
    course = _course(plan, cell.rate, cell.sizes, extent)
    found = simulate(plan, rate, cell.sizes, course)
    return AtRate(rate, cell, plan.load(rate, cell.sizes), plan.seconds(rate, cell.sizes), found, 1.0)


def split(plan: Plan, rate: float, extent: Extent, cells: Sequence[int]) -> Iterator[AtRate]:
    """Serve one rate with the same parts, together and in so many cells, all of which are simulated."""
    smallest = divided(plan, rate, max(cells))
    for number in cells:
        division = Division(number, rate / number, _times(smallest.sizes, smallest.cells // number))
        yield _asked(plan, rate, division, replace(extent, cells=number))


def _times(sizes: Sizes, factor: int) -> Sizes:
    return Sizes(
        factor * sizes.gateways,
        factor * sizes.sandbox_cores,
        {role: factor * number for role, number in sizes.replicas.items()},
        factor * sizes.stores,
    )


@dataclass(frozen=True, slots=True)
class Shortage:
    """A cell in which one part has less than it needs."""

    part: str
    load: Load
    """What the plan says."""
    found: Findings


def shortages(plan: Plan, division: Division, extent: Extent) -> Iterator[Shortage]:
    """Take from one part after another what it cannot do without; the first has all it needs.

    A part of which one is enough cannot be short, and is left out.
    """
    load = plan.load(division.rate, division.sizes)
    course = _course(plan, division.rate, division.sizes, extent)
    for part, sizes in {"nothing": division.sizes, **_short(division.sizes, load)}.items():
        planned = plan.load(division.rate, sizes)
        if part == "nothing" or planned.named()[part] > 1:
            yield Shortage(part, planned, simulate(plan, division.rate, sizes, course))


def _short(sizes: Sizes, load: Load) -> Mapping[str, Sizes]:
    """Return sizes in which one part has less than it needs, but at least one."""

    def fewer(part: str, number: int) -> int:
        return max(1, math.floor(number * load.named()[part] * _SHORT))

    gateways, cores = fewer("gateway", sizes.gateways), fewer("sandbox", sizes.sandbox_cores)
    short = {
        "gateway": replace(sizes, gateways=gateways),
        "sandbox": replace(sizes, sandbox_cores=cores),
    }
    for role, number in sizes.replicas.items():
        less = {**sizes.replicas, role: fewer(role.value, number)}
        short[role.value] = replace(sizes, replicas=less)
    return short


@dataclass(frozen=True, slots=True)
class Bounded:
    """A cell whose settings turn work away or let it wait."""

    name: str
    found: Findings


def bounded(
    plan: Plan, division: Division, extent: Extent, named: Mapping[str, tuple[float, Bounds]]
) -> Iterator[Bounded]:
    """Simulate a cell under each of the bounds, with the share of durable refinements that they speak of."""
    course = _course(plan, division.rate, division.sizes, extent)
    for name, (durable, bounds) in named.items():
        asked = replace(plan, durable=durable)
        yield Bounded(name, simulate(asked, division.rate, division.sizes, course, bounds))


def after_a_burst(plan: Plan, division: Division, extent: Extent, seconds: float) -> Bounded:
    """Let as many ask at one moment as otherwise in so many seconds."""
    course = replace(
        _course(plan, division.rate, division.sizes, extent), burst=round(division.rate * seconds)
    )
    found = simulate(plan, division.rate, division.sizes, course)
    return Bounded(f"jobs, and {course.burst:,} more at one moment", found)


def _course(plan: Plan, rate: float, sizes: Sizes, extent: Extent) -> Course:
    return Course(_WARM * plan.seconds(rate, sizes), extent.measured_s, extent.seed)
