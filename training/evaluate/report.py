"""Tables for people."""

from collections.abc import Sequence

from rich.table import Table

from training.evaluate.gates import Gate
from training.evaluate.measures import Summary


def gate_table(gates: Sequence[Gate]) -> Table:
    """Each gate with its figure, its bounds, and whether it holds."""
    table = Table("gate", "figure", "bound", "samples", "holds", title="Gates")
    for gate in gates:
        low, high = gate.least > 0, gate.most < 1
        bound = " and ".join([f"≥ {gate.least:.0%}"] * low + [f"≤ {gate.most:.0%}"] * high)
        table.add_row(
            gate.name, str(gate.figure), bound, str(gate.figure.samples), "yes" if gate.holds else "NO"
        )
    return table


def trial_table(split: str, summaries: Sequence[Summary]) -> Table:
    """Pass@1 after each round, and what a reviewer repaired and broke. † knows what the tests did."""
    most = max(len(summary.rounds) for summary in summaries)
    table = Table(
        "reviewer",
        *(f"pass@1 r{r}" for r in range(most)),
        title=f"{split}: {summaries[0].rounds[0].samples} drafts",
    )
    for name in ("Δ↑", "Δ↓", "wrong→right r1", "right→wrong r1", "accuracy", "strict"):
        table.add_column(name)
    for summary in summaries:
        rounds = [str(share) for share in summary.rounds] + ["-"] * (most - len(summary.rounds))
        figures = (summary.delta_up, summary.delta_down, summary.repaired, summary.broken)
        judged = [str(s) if s.samples else "-" for s in (summary.accuracy, summary.strict)]
        table.add_row(summary.name, *rounds, *map(str, figures), *judged)
    return table
