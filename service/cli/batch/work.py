"""So many rows at once, each until it is done or has failed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from service.cli.batch.ledger import Ledger
from service.cli.batch.rows import Row
from service.cli.exits import UsageError
from service.cli.refine import is_solved
from service.client import AsyncClient, GatewayError, Patience, ProblemError, UnreachableError

Json = dict[str, Any]

PATIENT = Patience(busy_s=600.0, unreachable_s=120.0)
"""Nobody sits and waits: a gateway that is full, or starts again, is waited for."""

TRIES = 3
"""How often a row is begun whose connection breaks on the way."""

EVERYBODYS = (401, 403, 404, 405, 421)
"""Statuses of a wrong key, and of an address that is not a gateway's, or not by that name."""


@dataclass(slots=True)
class Tally:
    """What this run has come to so far."""

    done: int = 0
    failed: int = 0
    solved: int = 0
    tokens: int = 0

    def add(self, refinement: Json) -> None:
        usage = refinement["usage"]
        self.done += 1
        self.solved += is_solved(refinement)
        self.tokens += usage["prompt_tokens"] + usage["completion_tokens"]

    def merge(self, other: "Tally") -> None:
        self.done += other.done
        self.failed += other.failed
        self.solved += other.solved
        self.tokens += other.tokens

    def taken(self) -> "Tally":
        """Return what it has come to, and begin anew."""
        taken = replace(self)
        self.done = self.failed = self.solved = self.tokens = 0
        return taken


Ask = Callable[[AsyncClient, Json], Awaitable[Json]]
"""Has a row's request done; what is known then, the `refinement` for one, is written down."""


async def refined(client: AsyncClient, body: Json) -> Json:
    """Ask for a refinement and no more."""
    return {"refinement": (await client.refine(body)).model_dump(mode="json")}


@dataclass(frozen=True, slots=True)
class Work:
    """A run over rows."""

    client: AsyncClient
    ledger: Ledger
    tally: Tally
    changed: Callable[[], None]
    """Called after each row."""
    ask: Ask = refined

    async def through(self, rows: Iterator[Row], concurrency: int) -> None:
        """Work until all rows have been tried. What would fail every row, or a file, ends the run."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(self._work(rows))
        except* (GatewayError, UsageError, OSError) as errors:
            raise errors.exceptions[0] from None

    async def _work(self, rows: Iterator[Row]) -> None:
        for row in rows:
            try:
                known = await self._asked(row)
            except GatewayError as error:
                if _is_everybodys(error):
                    raise
                self.ledger.failed(row, _told(error))
                self.tally.failed += 1
            else:
                self.ledger.done(row, **known)
                self.tally.add(known["refinement"])
            self.changed()

    async def _asked(self, row: Row) -> Json:
        body = row.body()
        for _ in range(TRIES - 1):
            try:
                return await self.ask(self.client, body)
            except UnreachableError as error:
                if not error.was_sent:
                    raise
        return await self.ask(self.client, body)


def _is_everybodys(error: GatewayError) -> bool:
    """Whether the next row would fail of it as well."""
    match error:
        case UnreachableError():
            return not error.was_sent
        case ProblemError():
            return error.status in EVERYBODYS
    return False


def _told(error: GatewayError) -> Json:
    if isinstance(error, ProblemError):
        return error.problem | {"status": error.status}
    return {"title": type(error).__name__, "detail": str(error)}
