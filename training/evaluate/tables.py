"""Tables for people at a terminal, narrow enough for any."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from service.domain.estimate import Estimate
from training.evaluate.gates import Gate
from training.evaluate.measures import Summary

_SHOWN = (0, 1, 3, 5, 8)
"""Rounds that have a column."""


def gate_table(gates: Sequence[Gate]) -> Table:
    """Each gate with its figure, its bounds, and whether it holds."""
    table = Table("gate", "figure", "bound", "samples", "holds", title="Gates", box=box.SIMPLE_HEAD)
    for gate in gates:
        holds = "yes" if gate.holds else "NO"
        table.add_row(gate.name, str(gate.figure), bound(gate), str(gate.figure.samples), holds)
    return table


def bound(gate: Gate) -> str:
    """The interval of a gate in words."""
    low, high = gate.least > 0, gate.most < 1
    return " and ".join([f"≥ {gate.least:.0%}"] * low + [f"≤ {gate.most:.0%}"] * high)


def trial_tables(group: str, summaries: Sequence[Summary]) -> tuple[Table, Table]:
    """Pass@1 after rounds, and what a reviewer repaired and broke."""
    most = max(len(summary.rounds) for summary in summaries)
    shown = [number for number in _SHOWN if number < most]
    drafts = summaries[0].rounds[0].samples
    solved = _table(f"{group}: pass@1 of {drafts} drafts, %", *(f"round {number}" for number in shown))
    changed = _table(f"{group}: change, %", "Δ↑", "Δ↓", "broken", "accuracy")
    for summary in summaries:
        rounds = [_cell(summary.rounds[n]) if n < len(summary.rounds) else "-" for n in shown]
        solved.add_row(summary.name, *rounds)
        figures = (
            summary.delta_up,
            summary.delta_down,
            summary.broken,
            summary.judgments.accuracy,
        )
        changed.add_row(summary.name, *map(_cell, figures))
    return solved, changed


LEGEND = (
    "† knows more than problem and code. Δ↑, Δ↓: wrong made right and right made wrong, after all rounds. "
    "broken: of the right drafts, after one round. accuracy: of the judgment on the draft. "
    "±: standard error over problems."
)


def _table(title: str, *columns: str) -> Table:
    table = Table("reviewer", title=title, box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _cell(figure: Estimate) -> str:
    return f"{100 * figure.value:.1f}±{100 * figure.error:.1f}" if figure.samples else "-"
