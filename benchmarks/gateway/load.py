"""Load on a service, and what it cost."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.percentiles import percentile
from benchmarks.processes import Service

Ask = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of requests, `at_once` at any moment."""

    rate: float
    """Answers a second."""
    cpu_ms: float
    """CPU milliseconds of the service an answer."""
    latencies_s: tuple[float, ...]
    grown_bytes: int
    """Most memory of the service during the round, over what it held before."""

    def percentile_ms(self, percent: int) -> float:
        """Latency, in milliseconds."""
        return percentile(self.latencies_s, percent) * 1000


async def closed_loop(service: Service, ask: Ask, *, count: int, at_once: int) -> Round:
    """Send `count` requests, a new one whenever an old one is answered."""
    waiting = iter(range(count))
    latencies: list[float] = []

    async def work() -> None:
        for _ in waiting:
            started = time.perf_counter()
            await ask()
            latencies.append(time.perf_counter() - started)

    cpu, wall, held = service.cpu_s(), time.perf_counter(), service.resident_bytes()
    async with asyncio.TaskGroup() as group:
        workers = [group.create_task(work()) for _ in range(at_once)]
        most = await _most_memory(service, workers)
    wall = time.perf_counter() - wall
    return Round(count / wall, (service.cpu_s() - cpu) / count * 1000, tuple(latencies), max(0, most - held))


async def _most_memory(service: Service, workers: Sequence[asyncio.Task[None]]) -> int:
    most = service.resident_bytes()
    while not all(worker.done() for worker in workers):
        await asyncio.wait(workers, timeout=0.25)
        most = max(most, service.resident_bytes())
    return most


def median_of(rounds: Sequence[Round], figure: Callable[[Round], float]) -> float:
    """Return the median of a figure over rounds."""
    return statistics.median(map(figure, rounds))
