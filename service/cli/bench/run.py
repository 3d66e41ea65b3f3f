"""A load from the command line: warm up, load, and tell."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from service.cli.bench.load import Load
from service.cli.bench.measures import Measures
from service.cli.bench.report import Report, progress
from service.cli.bench.sending import Counting, OverheadTransport, Sender
from service.cli.exits import Exit, StackError
from service.cli.stopping import unless_stopped
from service.client import DEFAULT_URL, AsyncClient, GatewayError, Patience, ProblemError, UnreachableError
from service.client.patience import REFUSALS
from service.client.settings import configured_url

Json = dict[str, Any]

_AT_ONCE = Patience(busy_s=0.0, unreachable_s=0.0)
"""A refusal is a figure, and not waited for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `ctrl bench`."""

    requests: Sequence[Json]
    load: Load
    warmup: int
    judge: bool
    url: str | None = None


def run_bench(asked: Asked, *, as_json: bool) -> Exit:
    """Load a gateway that runs, and print what was measured, however it ends."""
    url = asked.url or configured_url() or DEFAULT_URL
    report = Report(asked.load, asked.judge, url, Measures())
    asyncio.run(_Bench(asked, report, Console(stderr=True, highlight=False)).run())
    report.show(as_json=as_json)
    return report.exit


@dataclass(frozen=True, slots=True)
class _Bench:
    asked: Asked
    report: Report
    console: Console

    async def run(self) -> None:
        self.report.stopped = await unless_stopped(self._run())

    async def _run(self) -> None:
        measures, most = self.report.measures, self.asked.load.concurrency
        transport = OverheadTransport(measures, most)
        async with AsyncClient(self.report.url, patience=_AT_ONCE, transport=transport) as client:
            sender = Sender(client, self.asked.requests, self.asked.judge)
            if self.asked.warmup:
                with self.console.status("warming up …"):
                    await self._warm(sender)
            measures.overhead_ms.clear()
            await self._measure(Counting(sender, measures))

    async def _warm(self, sender: Sender) -> None:
        """Send requests that are not measured. What would fail every request is raised."""
        beyond = self.asked.load.requests

        async def send(number: int, came: float) -> None:
            try:
                await sender.answer(beyond + number, came)
            except ProblemError as error:
                if error.status not in REFUSALS:
                    raise

        try:
            await Load(self.asked.warmup, min(self.asked.warmup, self.asked.load.concurrency)).run(send)
        except* GatewayError as errors:
            error = errors.exceptions[0]
            if isinstance(error, UnreachableError) and not error.was_sent:
                raise StackError(
                    f"no gateway answers at {self.report.url}; start one with `ctrl up`, or name it by --url"
                ) from None
            raise error from None

    async def _measure(self, send: Counting) -> None:
        measures, began = send.measures, time.perf_counter()
        with progress(self.console, self.asked.load.requests, measures):
            try:
                await self.asked.load.run(send)
            finally:
                measures.seconds = time.perf_counter() - began
