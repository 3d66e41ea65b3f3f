"""Tables for people."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from training.evaluate.gates import Gate
from training.evaluate.measures import Share, Summary


def gate_table(gates: Sequence[Gate]) -> Table:
    """Each gate with its figure, its bounds, and whether it holds."""
    table = Table("gate", "figure", "bound", "samples", "holds", title="Gates", box=box.SIMPLE_HEAD)
    for gate in gates:
        low, high = gate.least > 0, gate.most < 1
        bound = " and ".join([f"≥ {gate.least:.0%}"] * low + [f"≤ {gate.most:.0%}"] * high)
        table.add_row(
            gate.name, str(gate.figure), bound, str(gate.figure.samples), "yes" if gate.holds else "NO"
        )
    return table


def trial_tables(split: str, summaries: Sequence[Summary]) -> tuple[Table, Table]:
    """Pass@1 after each round, and what a reviewer repaired and broke; narrow enough for any terminal."""
    most = max(len(summary.rounds) for summary in summaries)
    drafts = summaries[0].rounds[0].samples
    solved = _table(f"{split}: pass@1 of {drafts} drafts, %", *(f"round {r}" for r in range(most)), "strict")
    changed = _table(f"{split}: change, %", "Δ↑", "Δ↓", "repaired", "broken", "accuracy")
    for summary in summaries:
        rounds = [_cell(share) for share in summary.rounds] + ["-"] * (most - len(summary.rounds))
        solved.add_row(summary.name, *rounds, _cell(summary.strict))
        figures = (
            summary.delta_up,
            summary.delta_down,
            summary.repaired,
            summary.broken,
            summary.accuracy,
        )
        changed.add_row(summary.name, *map(_cell, figures))
    return solved, changed


LEGEND = (
    "† knows more than problem and code. Δ↑, Δ↓: wrong made right and right made wrong, after all rounds. "
    "repaired, broken: of the wrong and of the right drafts, after one round. "
    "accuracy: of the judgment on the draft. ±: standard error over problems."
)


def _table(title: str, *columns: str) -> Table:
    table = Table("reviewer", title=title, box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _cell(share: Share) -> str:
    return f"{100 * share.value:.1f}±{100 * share.error:.1f}" if share.samples else "-"
