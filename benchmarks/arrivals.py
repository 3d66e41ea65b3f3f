"""Requests that come at random moments, as from many clients who know nothing of each other."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stay:
    """One request under load, in seconds."""

    came: float
    took: float


async def stays(ask: Callable[[], Awaitable[None]], rate: float, count: int) -> list[Stay]:
    """How long each answer takes when requests come at random moments, `rate` a second, in their order."""
    found: list[Stay] = []

    async def one() -> None:
        came = time.perf_counter()
        await ask()
        found.append(Stay(came, time.perf_counter() - came))

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(one())
            await asyncio.sleep(random.expovariate(rate))
    return sorted(found, key=lambda stay: stay.came)
