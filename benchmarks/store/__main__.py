"""What durable refinements cost Redis, and the gateway: `python -m benchmarks.store`.

A real redis-server with an append-only file, a real gateway, and a mock endpoint whose answers take a chosen
time: a job costs for what it says and for how long it is at work, so several times are measured and a line is
laid through them. CPU time is that of Redis' own thread, and of the gateway's process.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from redis import Redis

from benchmarks.gateway.ours import opened
from benchmarks.gateway.refining import CALLS, REQUEST
from benchmarks.processes import module
from benchmarks.store.jobs import PIECES, Cost, Idle, cost, idle
from benchmarks.store.replay import flood
from service.adapters.store import open_store
from service.settings import StoreSection
from tests.redis_server import BINARY, RedisServer, redis_server

_STORE = """
[store]
url = "{url}"
timeout_s = 10
max_background = 4000
max_queued = 100000
"""
_IDLE_S = 5.0


async def _costs(redis: RedisServer, folder: Path, latency_ms: float, count: int) -> tuple[Idle, Cost]:
    pace = ("--latency-ms", str(latency_ms), "--pieces", str(PIECES))
    async with (
        module("upstream", "benchmarks.gateway.upstream", *pace, ready="/counts") as upstream,
        opened(upstream, folder, _STORE.format(url=redis.url)) as gateway,
    ):
        client: Redis = Redis.from_url(redis.url)
        await cost(
            gateway, client, REQUEST | {"rounds": 0}, 10, Idle(0, 0, 0)
        )  # imports and scripts on first use
        waiting = await idle(gateway, client, _IDLE_S)
        return waiting, await cost(gateway, client, REQUEST, count, waiting)


def _show(costs: Sequence[Cost]) -> None:
    lines: dict[str, Callable[[Cost], str]] = {
        "seconds": lambda each: f"{each.seconds:.1f}",
        "Redis CPU ms": lambda each: f"{each.redis_cpu_ms:.2f}",
        "gateway CPU ms": lambda each: f"{each.gateway_cpu_ms:.1f}",
        "commands": lambda each: f"{each.commands:.0f}",
        "scripts": lambda each: f"{each.scripts:.1f}",
        "writes": lambda each: f"{each.writes:.1f}",
        "KB to Redis": lambda each: f"{each.read_bytes / 1024:.0f}",
        "KB from Redis": lambda each: f"{each.written_bytes / 1024:.0f}",
        "KB kept": lambda each: f"{each.kept_bytes / 1024:.0f}",
    }
    for name, shown in lines.items():
        print(f"{name:16}", *(f"{shown(each):>9}" for each in costs))


def _line(costs: Sequence[Cost], figure: str) -> str:
    slope, fixed = statistics.linear_regression(
        [each.seconds for each in costs], [getattr(each, figure) for each in costs]
    )
    return f"{fixed:.2f} + {slope:.3f} a second at work"


async def _replay(redis: RedisServer, writes: int, count: int) -> None:
    client: Redis = Redis.from_url(redis.url)
    key = next(iter(client.scan_iter("ctrl:job:*")))
    job_id = str(key, "ascii").removeprefix("ctrl:job:")
    async with open_store(StoreSection.model_validate({"url": redis.url})) as store:
        job, log = await store.job(job_id), await store.log(job_id, 0, 10_000)
    assert job is not None
    assert log is not None
    found = await flood(client, job, log.entries, writes, count)
    print(
        f"replayed without pause, {writes} writes each: {found.rate:.0f} refinements/s, Redis' thread busy "
        f"{found.busy:.0%} of the time, {found.cpu_ms:.2f} ms of it each"
    )


async def _measure(latencies_ms: Sequence[float], count: int, replayed: int) -> None:
    with tempfile.TemporaryDirectory() as name, redis_server(Path(name)) as redis:
        found = [await _costs(redis, Path(name), latency_ms, count) for latency_ms in latencies_ms]
        print(f"{count} background refinements at once, {CALLS} calls each, by what a call takes in ms:")
        print(f"{'':16}", *(f"{latency_ms:9g}" for latency_ms in latencies_ms))
        costs = [each for _, each in found]
        _show(costs)
        for figure in ("redis_cpu_ms", "gateway_cpu_ms", "commands", "writes"):
            print(f"{figure}: {_line(costs, figure)}")
        waiting = [each for each, _ in found]
        print(
            "a gateway with nothing to do, a second: "
            f"{statistics.median(each.commands for each in waiting):.1f} commands, "
            f"{statistics.median(each.redis_cpu_s for each in waiting) * 1000:.2f} ms of Redis' CPU, "
            f"{statistics.median(each.gateway_cpu_s for each in waiting) * 1000:.1f} ms of its own"
        )
        await _replay(redis, round(costs[0].writes), replayed)


def main(
    latency_ms: Annotated[list[float], typer.Option(help="Of one model call; give several.")] = [  # noqa: B006
        500.0,
        2000.0,
        5000.0,
    ],
    count: Annotated[int, typer.Option(help="Refinements at once.", min=2)] = 200,
    replayed: Annotated[int, typer.Option(help="Refinements of the flood.", min=50)] = 2000,
) -> None:
    """Measure what a durable refinement costs, and how many one Redis thread keeps."""
    if BINARY is None:
        raise SystemExit("redis-server is not installed: apt-get install redis-server")
    if len(set(latency_ms)) < 2:
        raise SystemExit("--latency-ms: give two different times at least, for a line to be laid through")
    asyncio.run(_measure(latency_ms, count, replayed))


if __name__ == "__main__":
    typer.run(main)
