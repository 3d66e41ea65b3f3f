"""A plan for people, and the same for programs."""

from dataclasses import asdict

from rich import box
from rich.console import Console
from rich.table import Table

from training.plan.checks import USABLE, warnings
from training.plan.planner import Planner, Stage

_SMALL = 300e6
"""Parameters below which arithmetic says little about hours."""


def record(planner: Planner) -> dict[str, object]:
    """Everything a plan says, ready for JSON."""
    stages = {"sft": planner.sft(), "grpo": planner.grpo()}
    return {
        "name": planner.config.name,
        "hardware": planner.hardware.model_dump(mode="json"),
        "parameters": planner.policy.parameters,
        "generator_parameters": planner.generator.parameters,
        "stages": {name: asdict(stage) | {"total_gb": stage.total_gb} for name, stage in stages.items()},
        "serving": {
            role: {"weights_gb": s.weights_gb, "cache_gb": s.cache_gb}
            for role, s in planner.serving().items()
        },
        "writing_hours": planner.writing_hours(),
        "programs_per_s": planner.programs_per_s(),
        "assumptions": asdict(planner.clock.assumed),
        "warnings": warnings(planner),
    }


def show(planner: Planner, console: Console) -> None:
    """Print the tables, the assumptions and the warnings."""
    hardware, size = planner.hardware, planner.policy.parameters
    console.print(
        f"{planner.config.name}: {_count(size)} parameters on {hardware.nodes} x {hardware.gpus} "
        f"{hardware.gpu.upper()} ({planner.clock.cluster.memory_gb:.0f} GB)",
        highlight=False,
    )
    stages = {"sft": planner.sft(), "grpo": planner.grpo()}
    tables = [
        _memory(planner, stages),
        *([_served(planner)] if planner.serving() else []),
        _time(planner, stages),
    ]
    console.print(*tables)
    console.print(_assumed(planner), highlight=False, soft_wrap=True)
    for warning in warnings(planner):
        console.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)


def _memory(planner: Planner, stages: dict[str, Stage]) -> Table:
    table = _table("GB on each GPU that trains", "", *stages)
    for part in dict.fromkeys(part for stage in stages.values() for part in stage.parts_gb):
        table.add_row(part, *(_gb(stage.parts_gb.get(part, 0)) for stage in stages.values()))
    table.add_section()
    table.add_row("total", *(_gb(stage.total_gb) for stage in stages.values()))
    table.add_row("can be used", *[_gb(USABLE * planner.clock.cluster.memory_gb)] * len(stages))
    return table


def _served(planner: Planner) -> Table:
    table = _table("GB on each GPU that serves, in GRPO", "", "weights", "keys and values")
    for role, serving in planner.serving().items():
        table.add_row(role, _gb(serving.weights_gb), _gb(serving.cache_gb))
    return table


def _time(planner: Planner, stages: dict[str, Stage]) -> Table:
    table = _table("Time", "", "GPUs", "steps", "tokens a step, at most", "seconds a step", "hours")
    everyone = str(planner.clock.cluster.gpus)
    for name, hours in planner.writing_hours().items():
        table.add_row(name, everyone, "", "", "", f"{hours:.2f}")
    for name, stage in stages.items():
        seconds = sum(stage.step_s.values())
        figures = (f"{stage.steps:,}", f"{stage.tokens:,}", f"{seconds:.1f}", f"{stage.hours:.2f}")
        table.add_row(name, str(stage.gpus), *figures)
        if len(stage.step_s) > 1:
            for part, part_s in stage.step_s.items():
                table.add_row(f"  {part}", "", "", "", f"{part_s:.1f}", "")
    return table


def _assumed(planner: Planner) -> str:
    assumed, clock = planner.clock.assumed, planner.clock
    small = planner.policy.parameters < _SMALL
    sandboxes = "keep up" if small else f"judge {planner.programs_per_s():,.0f} programs/s in GRPO"
    return (
        f"Assumed: training reaches {assumed.training_mfu:.0%} of {clock.cluster.tflops} TFLOP/s, "
        f"a GPU writes {clock.rate(planner.policy.parameters):,.0f} tokens/s, "
        f"sequences fill {assumed.filled:.0%} of their limits, "
        f"new weights travel at {assumed.transfer_gb_s:.0f} GB/s; sandboxes {sandboxes}."
        + (" So small a model waits for its kernels instead." if small else "")
    )


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(first, title=title, box=box.SIMPLE_HEAD, title_justify="left", min_width=len(title))
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _count(parameters: int) -> str:
    return f"{parameters / 1e9:.2f} B" if parameters >= 1e9 else f"{parameters / 1e6:.2f} M"


def _gb(size: float) -> str:
    return f"{size:.1f}" if size >= 0.05 or size <= 0 else f"{size:.3f}"
