"""What a rate of refinements needs, and where it breaks: `python -m benchmarks.capacity`.

A plan in closed form, and a simulation of gateways, engines, sandbox, Redis and job queue event by event,
from the same costs (`costs.toml`, `engines.toml`). `--reality` runs the real gateway, sandbox and Redis in
front of a mock endpoint and compares both with what is measured. `--write` puts the tables into
docs/scaling.md.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.capacity import tables
from benchmarks.capacity.cells import Division, divided, largest
from benchmarks.capacity.costs import COSTS, read_costs
from benchmarks.capacity.document import fill
from benchmarks.capacity.experiments import (
    AtRate,
    Extent,
    after_a_burst,
    at_rate,
    bounded,
    of_cell,
    shortages,
    split,
)
from benchmarks.capacity.limits import limits
from benchmarks.capacity.plan import Plan
from benchmarks.capacity.plots import plot_cell
from benchmarks.capacity.presets import engine, names
from benchmarks.capacity.reality import compared, measured
from benchmarks.capacity.simulation.system import Bounds
from benchmarks.capacity.workload import Role, Workload
from service.settings import ServerSection, StoreSection

DOCUMENT = Path("docs/scaling.md")
PLOT = Path("docs/scaling/cell.svg")
_SIZES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.1, 1.2)
"""Rates of the plot, as shares of what the cell is sized for."""
_BURST_S = 10.0
_TTL_S = 600.0
_FOREGROUND = (10, 20, 30, 40)
_JOBS = (1, 3)
"""Refinements a second that one real gateway is asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to find out."""

    rates: list[float]
    whole: float
    cells: list[int]
    extent: Extent


def _blocks(plan: Plan, asked: Asked) -> Iterator[tuple[str, str]]:
    """Find the tables, one after another, by name."""
    yield "demand", tables.demand_table(plan)
    yield (
        "engines",
        tables.engines_table(engine(name, plan.workload.mean(Role.GENERATOR).call.held) for name in names()),
    )
    yield "costs", tables.costs_table(plan.costs)
    found = [at_rate(plan, rate, asked.extent) for rate in asked.rates]
    yield "sizes", tables.sizes_table(found, plan, _TTL_S)
    yield "rates", tables.rates_table(found)
    yield "split", tables.split_table(list(split(plan, asked.whole, asked.extent, asked.cells)))
    cell = divided(plan, largest(plan), 1)
    yield "limits", tables.limits_table(limits(plan, cell))
    yield "shortages", _shortages(plan, cell.rate, asked.extent)
    yield "bounds", _bounds(plan, cell, asked.extent)


def _shortages(plan: Plan, rate: float, extent: Extent) -> str:
    """Of refinements in the foreground, and of jobs, which are asked about while they wait for a model."""
    found = {}
    for name, durable in (("foreground", 0.0), ("jobs", 1.0)):
        asked = replace(plan, durable=durable)
        found[name] = shortages(asked, divided(asked, rate, 1), extent)
    return tables.shortages_table(found, rate)


def _bounds(plan: Plan, cell: Division, extent: Extent) -> str:
    """What the settings' defaults do to a cell, and what a burst does."""
    store = {name: StoreSection.model_fields[name].default for name in ("max_background", "max_queued")}
    inflight = ServerSection.model_fields["max_inflight"].default
    named = {
        "foreground, no bounds": (0.0, Bounds()),
        f"foreground, `max_inflight = {inflight}`": (0.0, Bounds(max_inflight=inflight)),
        "jobs, no bounds": (1.0, Bounds()),
        "jobs, `max_background = {max_background}`, `max_queued = {max_queued}`".format(**store): (
            1.0,
            Bounds(**store),
        ),
    }
    found = [*bounded(plan, cell, extent, named), after_a_burst(plan, cell, extent, _BURST_S)]
    return tables.bounded_table(found)


def _drawn(plan: Plan, extent: Extent) -> None:
    cell = divided(plan, largest(plan), 1)
    found: list[AtRate] = [of_cell(plan, cell, share * cell.rate, extent) for share in _SIZES]
    plot_cell(plan, cell, found, PLOT)


def _reality(costs: Path, seconds: float) -> str:
    found = asyncio.run(measured(_FOREGROUND, _JOBS, seconds))
    comparison = tables.reality_table(compared(read_costs(costs), found))
    return f"{tables.unit_costs_line(found.units)}\n\n{comparison}"


def main(  # noqa: PLR0913, PLR0917 - options
    rate: Annotated[list[float], typer.Option(help="Refinements a second; give several.", min=0.001)] = [  # noqa: B006
        1.0,
        10.0,
        100.0,
        1000.0,
        10000.0,
    ],
    generator: Annotated[str, typer.Option(help=f"Engine: {', '.join(names())}.")] = "qwen7b-h100",
    critic: Annotated[str, typer.Option(help="Engine, as above.")] = "qwen7b-h100",
    revisions: Annotated[int, typer.Option(help="Of a refinement at most.", min=0)] = 2,
    accepted: Annotated[float, typer.Option(help="Chance that a review ends it.", min=0, max=1)] = 0.0,
    piece_tokens: Annotated[float, typer.Option(help="That a streamed answer brings at once.")] = 1.0,
    durable: Annotated[float, typer.Option(help="Share that are jobs in Redis.", min=0, max=1)] = 1.0,
    target: Annotated[float, typer.Option(help="Load that parts are sized for.", min=0.05, max=1)] = 0.7,
    costs: Annotated[Path, typer.Option(help="Costs of the gateway, the sandbox and Redis.")] = COSTS,
    seconds: Annotated[float, typer.Option(help="Simulated, or measured, at each rate.", min=1)] = 120.0,
    cells: Annotated[int, typer.Option(help="Simulated of a large system at most.", min=1)] = 3,
    whole: Annotated[float, typer.Option(help="Rate that is simulated whole and split.", min=1)] = 1000.0,
    seed: Annotated[int, typer.Option(help="The same seed finds the same.")] = 0,
    reality: Annotated[bool, typer.Option(help="Run the real parts and compare, instead.")] = False,
    write: Annotated[bool, typer.Option(help="Into docs/scaling.md, with the plot.")] = False,
) -> None:
    """Plan and simulate a system at each rate, in Markdown."""
    try:
        workload = Workload(revisions=revisions, accepted=accepted, piece_tokens=piece_tokens)
        engines = {
            role: engine(name, workload.mean(role).call.held)
            for role, name in ((Role.GENERATOR, generator), (Role.CRITIC, critic))
        }
        plan = Plan(workload, read_costs(costs), engines, durable, target)
    except (ValueError, OSError) as error:
        raise SystemExit(str(error)) from None
    extent = Extent(seconds, cells, seed)
    asked = Asked(rate, whole, [1, 10], extent)
    found = iter([("reality", _reality(costs, seconds))]) if reality else _blocks(plan, asked)
    blocks = {}
    for name, block in found:
        blocks[name] = block
        print(f"## {name}\n\n{block}\n", flush=True)
    if write:
        fill(DOCUMENT, blocks)
        if not reality:
            _drawn(plan, extent)


if __name__ == "__main__":
    typer.run(main)
