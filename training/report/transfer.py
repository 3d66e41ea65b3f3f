"""The claims about generators and problems that the critic was not trained with: 4 and 5."""

from dataclasses import dataclass

from service.domain.estimate import Estimate, difference, mean
from training.evaluate import rows
from training.evaluate.findings import Findings
from training.evaluate.group import Group
from training.evaluate.measures import changes
from training.report.claim import Claim, Part, not_run, percent, points
from training.tasks.mini import Split

_LEAST_TABLE = 3
_TOLD = {
    Split.OOD_LONGER.value: "problems longer than any in training",
    Split.OOD_PHRASING.value: "problems phrased as never before",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A critic's size beside a generator's: lift of pass@1 over the drafts, and Δ↓."""

    critic: str
    generator: str
    lift: Estimate
    delta_down: Estimate


def matrix(findings: Findings) -> list[Cell]:
    """All pairs of a critic and a generator, the smallest first."""
    return [
        _cell(critic, generator, group)
        for critic in findings.parameters_in_order
        for generator, group in findings.sizes.items()
        if rows.critic_row(critic) in group.trials
    ]


def _cell(critic: str, generator: str, group: Group) -> Cell:
    trial = group.trials[rows.critic_row(critic)]
    _, down = changes(trial)
    return Cell(
        critic,
        generator,
        difference(trial.passed[-1], trial.passed[0], group.labels),
        mean(down, group.labels),
    )


def weak_to_strong(findings: Findings) -> Claim:
    """Claim 4."""
    cells = matrix(findings)
    size = findings.parameters
    smaller = [cell for cell in cells if size[cell.critic] < size[cell.generator]]
    statement = "a critic smaller than the generator lifts it"
    if smaller:
        shown = [f"{c.critic} on {c.generator} {points(c.lift)}" for c in smaller]
        first = Part(statement, "; ".join(shown), any(c.lift.is_above_zero for c in smaller))
    else:
        first = not_run(statement, "no critic smaller than a generator")
    return Claim(4, "Weak to strong", (first, _table_size(cells)), _too_small(cells))


def _table_size(cells: list[Cell]) -> Part:
    critics, generators = len({c.critic for c in cells}), len({c.generator for c in cells})
    enough = min(critics, generators) >= _LEAST_TABLE
    figures = f"{critics} critics, {generators} generators"
    return Part("the table is three by three at least", figures, True if enough else None)


def _too_small(cells: list[Cell]) -> tuple[str, ...]:
    """The paper's caveat, as it is found here."""
    worse = [f"{c.critic} on {c.generator} {points(c.lift)}" for c in cells if c.lift.is_below_zero]
    if not cells:
        return ()
    return (f"Pairs that lose: {'; '.join(worse) or 'none'}.",)


def generalises(findings: Findings) -> Claim:
    """Claim 5."""
    others = {size: group for size, group in findings.sizes.items() if size != rows.MAIN}
    key = rows.critic_row(rows.MAIN)
    parts = [
        _lifts(f"CTRL lifts the generator {size}", group, key)
        for size, group in others.items()
        if key in group.trials
    ]
    if not parts:
        parts = [not_run("CTRL lifts another generator", "no other generator")]
    away = [
        _lifts(f"CTRL lifts {told(name)}", group, rows.CTRL) for name, group in findings.elsewhere.items()
    ]
    parts += away or [not_run("CTRL lifts other problems", "no other problems")]
    return Claim(5, "The same critic helps elsewhere", tuple(parts))


def told(name: str) -> str:
    """Say in words which problems a group away from home has."""
    return _TOLD.get(name, f"problems of {name}")


def _lifts(statement: str, group: Group, key: str) -> Part:
    trial, oracle = group.trials[key], group.trials.get(rows.ORACLE)
    lift = difference(trial.passed[-1], trial.passed[0], group.labels)
    start = mean(trial.passed[0], group.labels)
    figures = f"{percent(start.value)} at first, {points(lift)}"
    if oracle is not None:
        most = difference(oracle.passed[-1], oracle.passed[0], group.labels)
        figures += f"; the oracle {points(most)}"
    return Part(statement, figures, lift.is_above_zero)
