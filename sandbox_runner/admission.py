"""Let so many submissions run, so many wait, and turn the rest away at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox_runner.metrics import Metrics


class BusyError(Exception):
    """The queue is full."""

    retry_after_s = 1


class Admission:
    def __init__(self, concurrency: int, queue_size: int, metrics: Metrics) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        self._queue_size = queue_size
        self._waiting = 0
        self._metrics = metrics

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one slot while the block runs."""
        await self._enter()
        self._metrics.inflight.inc()
        try:
            yield
        finally:
            self._metrics.inflight.dec()
            self._slots.release()

    async def _enter(self) -> None:
        if self._slots.locked() and self._waiting >= self._queue_size:
            raise BusyError
        arrived = time.monotonic()
        self._waiting += 1
        self._metrics.queue_depth.set(self._waiting)
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
            self._metrics.queue_depth.set(self._waiting)
        self._metrics.queue_seconds.observe(time.monotonic() - arrived)
