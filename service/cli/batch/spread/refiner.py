"""An actor: it refines a part at a time, as `ctrl batch` refines a file, and tells how far it is."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from service.cli.batch.ledger import Ledger, LedgerError
from service.cli.batch.rows import Row
from service.cli.batch.spread.checking import rows_of
from service.cli.batch.spread.folder import Folder
from service.cli.batch.spread.packing import packed, unpacked
from service.cli.batch.spread.parts import Part
from service.cli.batch.spread.repeats import repeats_in
from service.cli.batch.work import Tally, Work
from service.client import AsyncClient, GatewayError, Patience

REPORT_S = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """What every actor is told."""

    folder: Folder
    urls: tuple[str, ...]
    """Parts take turns with them."""
    api_key: str | None
    concurrency: int
    """Rows at work at once, in each actor."""
    patience: Patience

    def __repr__(self) -> str:
        return f"Order({self.folder.path})"  # Ray prints what actors are made with: the key stays out of it


@dataclass(frozen=True, slots=True)
class News:
    """What has happened since the last time."""

    tally: Tally
    skipped: int = 0
    error: Exception | None = None
    """What would fail every row, and so ends the run."""


class Refiner:
    """Called by Ray Data with one part at a time."""

    def __init__(self, order: Order):
        self._order = order

    def __call__(self, batch: pa.Table) -> Iterator[pa.Table]:
        for part in unpacked(batch):
            for news in self._told(part):
                yield packed(news)

    def _told(self, part: Part) -> Iterator[News]:
        try:
            yield from self._refined(part)
        except (GatewayError, LedgerError, OSError) as error:
            yield News(Tally(), error=error)

    def _refined(self, part: Part) -> Iterator[News]:
        folder = self._order.folder
        rows = list(rows_of(part, repeats_in(folder.index, part.source, part.lines)))
        with folder.ledger(part) as ledger:
            pending = ledger.pending(rows)
            yield News(Tally(), skipped=len(rows) - len(pending))
            if pending:
                yield from self._worked(part, ledger, pending)

    def _worked(self, part: Part, ledger: Ledger, rows: list[Row]) -> Iterator[News]:
        tally = Tally()
        with asyncio.Runner() as runner:
            work = runner.get_loop().create_task(self._work(part, ledger, rows, tally))
            while not work.done():
                runner.run(_pause(work))
                yield News(tally.taken())
            work.result()

    async def _work(self, part: Part, ledger: Ledger, rows: list[Row], tally: Tally) -> None:
        order = self._order
        url = order.urls[part.number % len(order.urls)]
        concurrency = min(order.concurrency, len(rows))
        async with AsyncClient(
            url, api_key=order.api_key, patience=order.patience, connections=concurrency
        ) as client:
            await Work(client, ledger, tally, changed=_nothing).through(iter(rows), concurrency)


async def _pause(work: asyncio.Task[None]) -> None:
    await asyncio.wait({work}, timeout=REPORT_S)


def _nothing() -> None:
    """What has changed is told by the clock."""
