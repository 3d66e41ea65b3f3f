"""How latency and load go with the rate, as the plan draws them and as the simulation finds them."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.capacity.cells import Division
from benchmarks.capacity.experiments import AtRate
from benchmarks.capacity.plan import Plan
from training.report.drawing import COLOURS, drawn, legend

_STEPS = 60
_HIGHEST = 1.25
"""Of the rate that a cell is sized for, how far the plan is drawn."""


def plot_cell(plan: Plan, division: Division, found: Sequence[AtRate], path: Path) -> None:
    """Draw one cell at rates up to more than it carries: mean and 99th percentile, and each part's load."""
    sizes = division.sizes
    rates = [division.rate * _HIGHEST * step / _STEPS for step in range(1, _STEPS + 1)]
    with drawn(path, 2, 1, 2.8) as (times, loads):
        times.plot(rates, [plan.seconds(rate, sizes) for rate in rates], label="mean, plan")
        simulated = [each.rate for each in found]
        times.plot(simulated, [each.found.mean_s for each in found], "o", label="mean, simulated")
        times.plot(simulated, [each.found.percentile_s(99) for each in found], "s", label="p99, simulated")
        times.set(xlabel="refinements/s of one cell", ylabel="seconds", ylim=(0, None))
        legend(times)
        parts = plan.load(division.rate, sizes).named()
        for part, colour in zip(parts, COLOURS, strict=False):
            planned = [plan.load(rate, sizes).named()[part] for rate in rates]
            loads.plot(rates, planned, color=colour, label=part)
            loads.plot(simulated, [each.found.load.named()[part] for each in found], "o", color=colour)
        loads.set(xlabel="refinements/s of one cell", ylabel="load (points: simulated)", ylim=(0, 1.1))
        legend(loads)
