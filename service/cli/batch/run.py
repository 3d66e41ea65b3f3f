"""A run from the command line, in this process: its beginning, and its end."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rich.console import Console

from service.cli.batch.ledger import Ledger, LedgerError, open_ledger
from service.cli.batch.report import Report, progress
from service.cli.batch.rows import Row, RowsError, read_rows
from service.cli.batch.work import PATIENT, Ask, Work, refined
from service.cli.exits import Exit, UsageError
from service.cli.gateway import address
from service.cli.stopping import unless_stopped
from service.client import AsyncClient, Patience


@dataclass(frozen=True, slots=True)
class Batch:
    """What is asked for."""

    source: Path
    out: Path
    concurrency: int
    url: str | None = None
    config: Path | None = None
    patience: Patience = PATIENT
    ask: Ask = refined

    def __post_init__(self) -> None:
        """Refuse to write over what is read."""
        if self.source.exists() and self.out.exists() and self.out.samefile(self.source):
            raise UsageError(f"{self.out} is what is read: name another file for the results")


def run_batch(batch: Batch, *, as_json: bool) -> Exit:
    """Refine what is not done yet, and say what came of it."""
    console = Console(stderr=True, highlight=False)
    with said():
        rows = read_rows(batch.source)
        with open_ledger(batch.out) as ledger:
            run = Run.over(rows, batch, ledger, console)
            try:
                run.work()
            finally:
                run.report.show(console, as_json=as_json)
    return run.report.exit


@contextmanager
def said() -> Generator[None, None, None]:
    """Say what is wrong with the files."""
    try:
        yield
    except (RowsError, LedgerError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from None


@dataclass(frozen=True, slots=True)
class Run:
    """One run over the rows that are not done."""

    batch: Batch
    ledger: Ledger
    rows: list[Row]
    console: Console
    report: Report

    @classmethod
    def over(cls, rows: list[Row], batch: Batch, ledger: Ledger, console: Console) -> Self:
        """Find out what is left to do."""
        pending = ledger.pending(rows)
        return cls(batch, ledger, pending, console, Report(batch.out, len(rows), len(rows) - len(pending)))

    def work(self) -> None:
        """Work until all rows have been tried, or somebody stops it; the report is true however it ends."""
        started = time.monotonic()
        try:
            if self.rows:
                with address(self.batch.url, self.batch.config, self.console) as url:
                    asyncio.run(self._work(url))
        finally:
            self.report.seconds = time.monotonic() - started
            self.report.failures = self.ledger.failures_path if self.ledger.failures else None

    async def _work(self, url: str) -> None:
        concurrency, patience = min(self.batch.concurrency, len(self.rows)), self.batch.patience
        with progress(self.console, len(self.rows), self.report.tally) as changed:
            async with AsyncClient(url, patience=patience, connections=concurrency) as client:
                work = Work(client, self.ledger, self.report.tally, changed, self.batch.ask)
                self.report.stopped = await unless_stopped(work.through(iter(self.rows), concurrency))
