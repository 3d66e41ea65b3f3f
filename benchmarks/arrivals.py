"""Requests that come when they come, whether or not the ones before are answered, as from many clients."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stay:
    """One request under load, in seconds; what was sent too late counts from when it was due."""

    came: float
    took: float


def at_random(rate: float, count: int) -> Iterator[float]:
    """Moments, in seconds from the first, as of clients who know nothing of each other: `rate` a second."""
    moment = 0.0
    for _ in range(count):
        yield moment
        moment += random.expovariate(rate)


def evenly(rate: float, count: int) -> Iterator[float]:
    """The same rate without a burst, as most load generators send."""
    return (number / rate for number in range(count))


async def stays(ask: Callable[[], Awaitable[None]], moments: Iterable[float]) -> list[Stay]:
    """How long each answer takes to requests that come at these moments, in their order."""
    found: list[Stay] = []
    began = time.perf_counter()

    async def one(due: float) -> None:
        await ask()
        found.append(Stay(due, time.perf_counter() - due))

    async with asyncio.TaskGroup() as group:
        for moment in moments:
            await asyncio.sleep(began + moment - time.perf_counter())
            group.create_task(one(began + moment))
    return sorted(found, key=lambda stay: stay.came)
