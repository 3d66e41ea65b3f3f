"""What a person, or a machine, is told of a load."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from service.cli.bench.load import Load
from service.cli.bench.measures import PERCENTS, Measures
from service.cli.exits import Exit
from service.cli.terminal import printable

_ROWS = (
    ("latency", "latency_s", 1000.0),
    ("first event of a stream", "first_event_s", 1000.0),
    ("first text of a stream", "first_text_s", 1000.0),
    ("the gateway's own time", "overhead_ms", 1.0),
)
"""Labels, members, and what makes milliseconds of them."""


@dataclass(slots=True)
class Report:
    """A load in numbers, whole or as far as it came."""

    load: Load
    judge: bool
    url: str
    measures: Measures
    stopped: bool = False

    @property
    def exit(self) -> Exit:
        if self.stopped:
            return Exit.STOPPED
        whole = len(self.measures.answers) == self.load.requests
        return Exit.DONE if whole else Exit.NOT_SOLVED

    def show(self, *, as_json: bool) -> None:
        """Say it all."""
        told = self.measures.document()
        if as_json:
            typer.echo(json.dumps({**self._asked(), **told, "stopped": self.stopped}))
            return
        console = Console(highlight=False)
        console.print(_table(told), Text(self._summary(told)))
        if told["refused_429"]:
            console.print(Text(f"refused with 429, by a quota: {told['refused_429']}"))
        for kind, count in told["errors"].items():
            console.print(Text(f"failed: {count} with {printable(kind)}"))
        if self.stopped:
            console.print(Text(f"Stopped: {self.measures.ended} of {self.load.requests} requests had ended."))

    def _asked(self) -> Mapping[str, Any]:
        return {
            "url": self.url,
            "what": "judge" if self.judge else "refine",
            "requests": self.load.requests,
            "concurrency": self.load.concurrency,
            "rate": self.load.rate,
        }

    def _summary(self, told: Mapping[str, Any]) -> str:
        work, part = ("judgings", "programs judged") if self.judge else ("refinements", "programs written")
        models = f" ({printable(', '.join(told['models']))})" if told["models"] else ""
        return (
            f"{told['answered']} {work} in {told['seconds']:.1f} s{models}: "
            f"{told['per_second']:.2f} a second, "
            f"{told['programs_per_second']:.2f} {part} a second, "
            f"{told['completion_tokens_per_second']:.0f} completion tokens a second"
        )


def _table(told: Mapping[str, Any]) -> Table:
    table = Table("milliseconds", box=box.SIMPLE_HEAD)
    for heading in (*(f"p{percent}" for percent in PERCENTS), "max", "answers"):
        table.add_column(heading, justify="right", no_wrap=True)
    for label, member, scale in _ROWS:
        if (spread := told[member]) is not None:
            shown = [spread[f"p{percent}"] for percent in PERCENTS] + [spread["max"]]
            table.add_row(label, *(f"{scale * value:,.1f}" for value in shown), str(spread["samples"]))
    return table


@contextmanager
def progress(console: Console, requests: int, measures: Measures) -> Generator[None, None, None]:
    """Show a bar that follows the measures."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

    class Followed(Progress):
        def get_renderables(self) -> Any:
            said = f"{measures.refused} refused, {measures.errors.total()} failed"
            for task in self.tasks:
                self.update(task.id, completed=measures.ended, description=said)
            return super().get_renderables()

    with Followed(*columns, console=console) as shown:
        shown.add_task("", total=requests)
        yield
