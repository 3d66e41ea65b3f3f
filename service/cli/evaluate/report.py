"""What a person, or a machine, is told of an evaluation."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.cli.batch.report import Report
from service.cli.evaluate.figures import Figures, RoundFigures
from service.cli.terminal import printable
from service.domain.estimate import Estimate

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was asked for, how far it came, and the figures, if any refinement is done."""

    source: str
    problems: int
    samples: int
    report: Report
    figures: Figures | None
    tokens: Mapping[str, int]
    """Of all refinements in the figures, by kind."""
    models: Mapping[str, str]
    """The names of generator and critic."""
    feedback: str
    """`tests`: the critic was told what the tests did."""

    def show(self, *, as_json: bool) -> None:
        """Say it all: the figures on stdout."""
        if as_json:
            typer.echo(json.dumps(self._document()))
            return
        console = Console(highlight=False)
        if self.figures is not None:
            console.print(self._table(self.figures), Text(_legend(self.samples, self.figures)))
        self.report.say(console, f"{self.report.rows} refinements")
        if self.report.tally.failed:
            console.print(
                Text("Those that failed are in no figure: whether their programs are right is not known.")
            )

    def _table(self, figures: Figures) -> Table:
        models = ", ".join(f"{role} {printable(name)}" for role, name in self.models.items())
        hinted = ", which was told what the tests did" if self.feedback == "tests" else ""
        drawn = f"{self.problems} problems" + (f", each {self.samples} times" if self.samples > 1 else "")
        table = Table(title=f"{drawn}: {models}{hinted}", box=box.SIMPLE_HEAD)
        table.add_column("after", no_wrap=True)
        for heading in ("pass@1, %", "Δ↑, %", "Δ↓, %", "accuracy, %", "tokens"):
            table.add_column(heading, justify="right", no_wrap=True)
        for number, a_round in enumerate(figures.rounds):
            table.add_row(f"round {number}" if number else "the draft", *_cells(a_round))
        table.add_section()
        table.add_row("the answer", *_cells(figures.answer))
        return table

    def _document(self) -> Json:
        told = None if self.figures is None else asdict(self.figures)
        return {
            "source": self.source,
            "problems": self.problems,
            "samples": self.samples,
            "models": dict(self.models),
            "feedback": self.feedback,
            "refinements": self.report.document(),
            "tokens": dict(self.tokens),
            "figures": _finite(told),
        }


def _cells(figures: RoundFigures) -> list[str]:
    shares = (figures.pass_at_1, figures.delta_up, figures.delta_down, figures.accuracy)
    return [*map(_share, shares), f"{figures.completion_tokens.value:.0f}"]


def _share(figure: Estimate) -> str:
    return f"{100 * figure.value:.1f}±{100 * figure.error:.1f}" if figure.samples else "-"


def _legend(samples: int, figures: Figures) -> str:
    said = (
        "Δ↑, Δ↓: wrong drafts made right, and right ones made wrong; pass@1 is the draft's + Δ↑ - Δ↓. "
        "accuracy: of the judgments passed in that round. tokens: completion tokens of a refinement "
        "so far. ±: standard error over problems."
    )
    if samples == 1:
        return said
    shown = ", ".join(f"pass@{k} {_share(figure)} %" for k, figure in figures.pass_at_k.items())
    return f"{said}\nOf the answers: {shown}."


def _finite(value: Any) -> Any:
    """JSON has no NaN: what could not be measured is null."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {str(name): _finite(member) for name, member in value.items()}
        case list() | tuple():
            return [_finite(member) for member in value]
    return value
