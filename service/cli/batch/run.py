"""A run from the command line, in this process: its beginning, and its end."""

import asyncio
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from service.cli.batch.ledger import Ledger, LedgerError, open_ledger
from service.cli.batch.report import Report, progress
from service.cli.batch.rows import Row, RowsError, read_rows
from service.cli.batch.work import PATIENT, Work
from service.cli.exits import Exit, UsageError
from service.cli.gateway import address
from service.client import AsyncClient, Patience

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
    with said():
        rows = read_rows(batch.source)
        with open_ledger(batch.out) as ledger:
            pending = ledger.pending(rows)
            report = Report(batch.out, len(rows), len(rows) - len(pending))
            started = time.monotonic()
            try:
                _Run(batch, ledger, pending, console, report).work()
            finally:
                report.seconds = time.monotonic() - started
                report.failures = ledger.failures_path if ledger.failures else None
                report.show(console, as_json=as_json)
    return report.exit


@contextmanager
def said() -> Generator[None, None, None]:
    """Say what is wrong with the files."""
    try:
        yield
    except (RowsError, LedgerError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from None


@dataclass(slots=True)
class _Run:
    """One run over the rows that are not done."""

    batch: Batch
    ledger: Ledger
    rows: list[Row]
    console: Console
    report: Report

    def work(self) -> None:
        """Work until all rows have been tried, or somebody stops it."""
        if self.rows:
            with address(self.batch.url, self.batch.config, self.console) as url:
                asyncio.run(self._work(url))

    async def _work(self, url: str) -> None:
        concurrency = min(self.batch.concurrency, len(self.rows))
        with progress(self.console, len(self.rows), self.report.tally) as changed:
            async with AsyncClient(url, patience=self.batch.patience, connections=concurrency) as client:
                work = Work(client, self.ledger, self.report.tally, changed)
                await self._unless_stopped(work, concurrency)

    async def _unless_stopped(self, work: Work, concurrency: int) -> None:
        """Let Ctrl-C and SIGTERM end the run between two steps, so that nothing is half written."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def stop() -> None:
            self.report.stopped = True
            task.cancel()

        for number in _STOPS:
            loop.add_signal_handler(number, stop)
        try:
            await work.through(iter(self.rows), concurrency)
        except asyncio.CancelledError:
            if not self.report.stopped:
                raise
            task.uncancel()
        finally:
            for number in _STOPS:
                loop.remove_signal_handler(number)
