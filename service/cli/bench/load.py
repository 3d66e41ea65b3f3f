"""A load: requests one after the other at so many places, or at random moments whatever comes of them."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

SEED = 0

Send = Callable[[int, float], Awaitable[None]]
"""Sends the request of a number, which came at a moment of `time.perf_counter`."""


@dataclass(frozen=True, slots=True)
class Load:
    """So many requests; without a rate the next one comes when a place is free."""

    requests: int
    concurrency: int
    rate: float | None = None
    """Requests a second."""

    async def run(self, send: Send) -> None:
        """Send them all and wait for their ends."""
        if self.rate is None:
            await _in_turn(iter(range(self.requests)), self.concurrency, send)
        else:
            await self._at_random(self.rate, send)

    async def _at_random(self, rate: float, send: Send) -> None:
        """Moments of a Poisson process, the same in every run. Who finds no place waits, and that counts."""
        moments, places = random.Random(SEED), asyncio.Semaphore(self.concurrency)  # noqa: S311 - no secret

        async def one(number: int, came: float) -> None:
            async with places:
                await send(number, came)

        due = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(self.requests):
                due += moments.expovariate(rate)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(number, due))


async def _in_turn(numbers: Iterator[int], places: int, send: Send) -> None:
    async def work() -> None:
        for number in numbers:
            await send(number, time.perf_counter())

    async with asyncio.TaskGroup() as group:
        for _ in range(places):
            group.create_task(work())
