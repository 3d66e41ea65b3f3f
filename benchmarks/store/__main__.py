"""What durable refinements cost Redis, and the gateway: `python -m benchmarks.store`.

A real redis-server with an append-only file, a real gateway, and a mock endpoint whose answers come in so
many pieces and take so long. A job that is streamed costs for each piece, and for each second at work, as
gateways ask about it and write down what was said: both are varied, and a plane is laid through what is
found. One that nobody follows asks for whole answers: 0 pieces. CPU time is that of Redis' own thread, and of
the gateway's process.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from redis import Redis

from benchmarks.gateway.ours import opened
from benchmarks.gateway.refining import CALLS, REQUEST
from benchmarks.processes import module
from benchmarks.store.jobs import Cost, Idle, cost, idle
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


@dataclass(frozen=True, slots=True)
class _Pace:
    """Of the mock endpoint."""

    pieces: int
    """Of an answer; 0 if it is not streamed."""
    latency_ms: float


async def _costs(redis: RedisServer, folder: Path, answers: _Pace, count: int) -> tuple[Idle, Cost]:
    pace = ("--latency-ms", str(answers.latency_ms), "--pieces", str(max(1, answers.pieces)))
    request = REQUEST | {"stream": answers.pieces > 0}
    async with (
        module("upstream", "benchmarks.gateway.upstream", *pace, ready="/counts") as upstream,
        opened(upstream, folder, _STORE.format(url=redis.url)) as gateway,
    ):
        client: Redis = Redis.from_url(redis.url)
        await cost(
            gateway, client, request | {"rounds": 0}, 10, Idle(0, 0, 0)
        )  # imports and scripts on first use
        waiting = await idle(gateway, client, _IDLE_S)
        return waiting, await cost(gateway, client, request, count, waiting)


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
        print(f"{name:16}", *(f"{shown(each):>11}" for each in costs))


def _plane(found: Sequence[tuple[_Pace, Cost]], figure: str) -> str:
    """Fit what is fixed, what a piece adds, and what a second does, by least squares."""
    known = np.array([[1, CALLS * pace.pieces, cost.seconds] for pace, cost in found])
    figures = np.array([getattr(cost, figure) for _, cost in found])
    (fixed, piece, second), *_ = np.linalg.lstsq(known, figures)
    off = np.max(np.abs(known @ np.array([fixed, piece, second]) - figures))
    return f"{fixed:.2f} + {piece:.4f} a piece + {second:.3f} a second at work; at most {off:.2f} off"


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


async def _measure(paces: Sequence[_Pace], count: int, replayed: int) -> None:
    with tempfile.TemporaryDirectory() as name, redis_server(Path(name)) as redis:
        found = [await _costs(redis, Path(name), pace, count) for pace in paces]
        print(f"{count} background refinements, {CALLS} calls each, by pieces of an answer and its ms:")
        print(f"{'':16}", *(f"{pace.pieces:4}, {pace.latency_ms:5g}" for pace in paces))
        costs = [each for _, each in found]
        _show(costs)
        streamed = [(pace, each) for pace, each in zip(paces, costs, strict=True) if pace.pieces > 0]
        for figure in ("redis_cpu_ms", "gateway_cpu_ms", "commands", "writes"):
            print(f"{figure}, streamed: {_plane(streamed, figure)}")
        waiting = [each for each, _ in found]
        print(
            "a gateway with nothing to do, a second: "
            f"{statistics.median(each.commands for each in waiting):.1f} commands, "
            f"{statistics.median(each.redis_cpu_s for each in waiting) * 1000:.2f} ms of Redis' CPU, "
            f"{statistics.median(each.gateway_cpu_s for each in waiting) * 1000:.1f} ms of its own"
        )
        await _replay(redis, round(costs[-1].writes), replayed)


def main(
    latency_ms: Annotated[list[float], typer.Option(help="Of one model call; give two at least.")] = [  # noqa: B006
        2000.0,
        5000.0,
    ],
    pieces: Annotated[
        list[int], typer.Option(help="Of an answer; 300 is one a token, as of vLLM; 0 whole.")
    ] = [  # noqa: B006
        0,
        60,
        300,
    ],
    count: Annotated[int, typer.Option(help="Refinements at once.", min=2)] = 100,
    replayed: Annotated[int, typer.Option(help="Refinements of the flood.", min=50)] = 2000,
) -> None:
    """Measure what a durable refinement costs, and how many one Redis thread keeps."""
    if BINARY is None:
        raise SystemExit("redis-server is not installed: apt-get install redis-server")
    for name, given in (("latency-ms", set(latency_ms)), ("pieces", set(pieces) - {0})):
        if len(given) < 2:
            raise SystemExit(f"--{name}: give two different values at least, to tell what each costs")
    asyncio.run(_measure([_Pace(*each) for each in product(pieces, latency_ms)], count, replayed))


if __name__ == "__main__":
    typer.run(main)
