"""A run from the command line: its progress, its end, and its summary."""

import asyncio
import json
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.cli.batch.ledger import Ledger, LedgerError, open_ledger
from service.cli.batch.rows import Row, RowsError, read_rows
from service.cli.batch.work import PATIENT, Tally, Work
from service.cli.exits import Exit, UsageError
from service.cli.gateway import address
from service.client import AsyncClient, Patience

Json = dict[str, Any]

_STOPS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is asked for."""

    source: Path
    out: Path
    concurrency: int
    url: str | None = None
    config: Path | None = None
    patience: Patience = PATIENT


def run_batch(batch: Batch, *, as_json: bool) -> Exit:
    """Refine what is not done yet, and say what came of it."""
    console = Console(stderr=True, highlight=False)
    with _said():
        rows = read_rows(batch.source)
        with open_ledger(batch.out) as ledger:
            run = _Run(batch, ledger, ledger.pending(rows), console)
            try:
                run.work()
            finally:
                summary = run.summary(len(rows))
                _show(summary, console, stopped=run.stopped, as_json=as_json)
    if run.stopped:
        return Exit.STOPPED
    return Exit.NOT_SOLVED if summary["failed"] else Exit.DONE


@contextmanager
def _said() -> Generator[None, None, None]:
    """Say what is wrong with the files."""
    try:
        yield
    except (RowsError, LedgerError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from None


@dataclass(slots=True)
class _Run:
    """One run over the rows that are not done."""

    batch: Batch
    ledger: Ledger
    rows: list[Row]
    console: Console
    tally: Tally = field(default_factory=Tally)
    started: float = field(default_factory=time.monotonic)
    stopped: bool = False

    def work(self) -> None:
        """Work until all rows have been tried, or somebody stops it."""
        if self.rows:
            with address(self.batch.url, self.batch.config, self.console) as url:
                asyncio.run(self._work(url))

    async def _work(self, url: str) -> None:
        concurrency = min(self.batch.concurrency, len(self.rows))
        with self._progress() as changed:
            async with AsyncClient(url, patience=self.batch.patience, connections=concurrency) as client:
                work = Work(client, self.ledger, self.tally, changed)
                await self._unless_stopped(work, concurrency)

    async def _unless_stopped(self, work: Work, concurrency: int) -> None:
        """Let Ctrl-C and SIGTERM end the run between two steps, so that nothing is half written."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def stop() -> None:
            self.stopped = True
            task.cancel()

        for number in _STOPS:
            loop.add_signal_handler(number, stop)
        try:
            await work.through(iter(self.rows), concurrency)
        except asyncio.CancelledError:
            if not self.stopped:
                raise
            task.uncancel()
        finally:
            for number in _STOPS:
                loop.remove_signal_handler(number)

    @contextmanager
    def _progress(self) -> Generator[Any, None, None]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console) as progress:
            bar = progress.add_task("refining", total=len(self.rows))

            def changed() -> None:
                tally = self.tally
                said = f"{tally.solved} solved, {tally.failed} failed"
                progress.update(bar, completed=tally.done + tally.failed, description=said)

            yield changed

    def summary(self, rows: int) -> Json:
        """Say it all in numbers."""
        tally, ledger = self.tally, self.ledger
        return {
            "rows": rows,
            "skipped": rows - len(self.rows),
            "done": tally.done,
            "failed": tally.failed,
            "left": len(self.rows) - tally.done - tally.failed,
            "solved": tally.solved,
            "tokens": tally.tokens,
            "seconds": round(time.monotonic() - self.started, 3),
            "output": str(self.batch.out),
            "failures": str(ledger.failures_path) if ledger.failures else None,
        }


def _show(summary: Json, console: Console, *, stopped: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(summary))
        return
    counts = ", ".join(f"{summary[name]} {name}" for name in ("done", "failed", "skipped", "left"))
    console.print(Text(f"{summary['rows']} rows: {counts}; {summary['solved']} of the done are solved"))
    if summary["failures"]:
        console.print(Text(f"What failed is in {summary['failures']}; the same command tries it again."))
    if stopped:
        console.print(Text("Stopped; the same command goes on."))
    elif summary["left"]:
        console.print(Text("Not finished; the same command goes on."))
