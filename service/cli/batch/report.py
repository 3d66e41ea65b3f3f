"""What a person sees of a batch: its progress, and what came of it."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.cli.batch.work import Tally
from service.cli.exits import Exit


@dataclass(slots=True)
class Report:
    """A run in numbers."""

    output: Path
    rows: int = 0
    skipped: int = 0
    """Rows that were done before."""
    wrong: int = 0
    """Rows that are no requests; only an engine that goes on without them has any."""
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    failures: Path | None = None
    stopped: bool = False

    @property
    def left(self) -> int:
        return self.rows - self.skipped - self.wrong - self.tally.done - self.tally.failed

    @property
    def exit(self) -> Exit:
        if self.stopped:
            return Exit.STOPPED
        return Exit.NOT_SOLVED if self.tally.failed or self.wrong else Exit.DONE

    def show(self, console: Console, *, as_json: bool) -> None:
        """Say it all."""
        if as_json:
            typer.echo(json.dumps(self.document()))
            return
        self.say(console, f"{self.rows} rows", f"; {self.tally.solved} of the done are solved")

    def say(self, console: Console, what: str, more: str = "") -> None:
        """Say how far it came, and what to do about the rest."""
        shown = self.document()
        names = ("done", "failed", *(["wrong"] if self.wrong else []), "skipped", "left")
        counts = ", ".join(f"{shown[name]} {name}" for name in names)
        console.print(Text(f"{what}: {counts}{more}"))
        if self.failures:
            console.print(Text(f"What failed is in {self.failures}; the same command tries it again."))
        if self.stopped:
            console.print(Text("Stopped; the same command goes on."))
        elif self.left:
            console.print(Text("Not finished; the same command goes on."))

    def document(self) -> dict[str, object]:
        return {
            "rows": self.rows,
            "skipped": self.skipped,
            "wrong": self.wrong,
            "left": self.left,
            **asdict(self.tally),
            "seconds": round(self.seconds, 3),
            "output": str(self.output),
            "failures": str(self.failures) if self.failures else None,
        }


@contextmanager
def progress(console: Console, total: int, tally: Tally) -> Generator[Callable[[], None], None, None]:
    """Show a bar; what is yielded is to be called whenever the tally has changed."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as shown:
        bar = shown.add_task("refining", total=total)

        def changed() -> None:
            said = f"{tally.solved} solved, {tally.failed} failed"
            shown.update(bar, completed=tally.done + tally.failed, description=said)

        yield changed
