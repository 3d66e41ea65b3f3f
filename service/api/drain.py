"""The end of a process: no new work, time for the work in flight, and a word to those who must come back."""

import asyncio
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, cast

import structlog
from fastapi import Depends, Request

from service.api.disconnect import unless_disconnected
from service.gate import Gate, stopping

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Drain:
    """`begun`: nothing new is let in. `over`: what is still in flight must end now."""

    gate: Gate
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _limits: set[asyncio.Timeout] = field(default_factory=set)

    def begin(self, drain_s: float) -> None:
        """Begin, once."""
        if self.begun.is_set():
            return
        log.info("drain_begun", inflight=self.gate.inflight, drain_s=drain_s)
        self.gate.shut()
        self.begun.set()
        asyncio.get_running_loop().call_later(drain_s, self._end)

    async def bounded(self, work: Awaitable[T]) -> T:
        """Await work in flight, unless the drain is over first."""
        limit = asyncio.timeout(0 if self.over.is_set() else None)
        self._limits.add(limit)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if limit.expired():
                raise stopping() from None
            raise
        finally:
            self._limits.discard(limit)

    def _end(self) -> None:
        self.over.set()
        for limit in self._limits:
            limit.reschedule(asyncio.get_running_loop().time())


async def drain_of(request: Request) -> Drain:
    """Find the running application's."""
    return cast(Drain, request.app.state.drain)


async def while_wanted(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await work until its client leaves; a client that still waits when the process must end is sent on."""
    drain = await drain_of(request)
    return await unless_disconnected(request.receive, drain.bounded(work))


DrainDep = Annotated[Drain, Depends(drain_of)]
