"""Background refinements through a real gateway and a real Redis, and what each costs both of them."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
from redis import Redis

from benchmarks.processes import Service
from benchmarks.store.usage import Usage, usage

_PATIENCE_S = 300.0
_POLL_S = 0.1
_CONNECTIONS = 16
"""To the gateway, while refinements are begun."""


@dataclass(frozen=True, slots=True)
class Idle:
    """What a gateway costs that has nothing to do: it asks Redis for work all the same. A second."""

    redis_cpu_s: float
    commands: float
    gateway_cpu_s: float


@dataclass(frozen=True, slots=True)
class Cost:
    """One refinement's, what an idle gateway costs taken off."""

    seconds: float
    """From its beginning to its end."""
    redis_cpu_ms: float
    gateway_cpu_ms: float
    commands: float
    """Called by clients, and by scripts."""
    scripts: float
    writes: float
    """Batches of events, rounds and the end; each renews the lease."""
    read_bytes: float
    """Sent to Redis."""
    written_bytes: float
    """Sent by it."""
    kept_bytes: float
    """Of memory, for as long as finished jobs are kept."""


async def idle(gateway: Service, redis: Redis, seconds: float) -> Idle:
    """Watch a gateway that waits."""
    before, cpu_s = usage(redis), gateway.cpu_s()
    await asyncio.sleep(seconds)
    spent = usage(redis) - before
    return Idle(spent.cpu_s / seconds, spent.commands.total() / seconds, (gateway.cpu_s() - cpu_s) / seconds)


async def cost(gateway: Service, redis: Redis, request: dict[str, Any], count: int, waiting: Idle) -> Cost:
    """Begin `count` refinements, a few at a time, and wait for the last."""
    before, cpu_s, began = usage(redis), gateway.cpu_s(), time.perf_counter()
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(begin(session, gateway, request))
    await all_done(redis)
    wall_s = time.perf_counter() - began
    spent, cpu_s = usage(redis) - before, gateway.cpu_s() - cpu_s
    return _each(spent, cpu_s, wall_s, count, waiting)


async def begin(session: aiohttp.ClientSession, gateway: Service, request: dict[str, Any]) -> None:
    """Begin one in the background; of a stream no more is read than that it has begun."""
    accepted = 200 if request.get("stream") else 202
    async with session.post(f"{gateway.url}/refine", json=request | {"background": True}) as answer:
        if answer.status != accepted:
            raise RuntimeError(f"the gateway did not accept it: {answer.status} {await answer.text()}")


async def all_done(redis: Redis) -> None:
    """Wait: finished jobs leave the set of those that are not."""
    async with asyncio.timeout(_PATIENCE_S):
        while redis.zcard("ctrl:open"):  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(_POLL_S)


def _each(spent: Usage, cpu_s: float, wall_s: float, count: int, waiting: Idle) -> Cost:
    scripts = spent.commands["evalsha"] + spent.commands["eval"]
    return Cost(
        wall_s,
        (spent.cpu_s - waiting.redis_cpu_s * wall_s) / count * 1000,
        (cpu_s - waiting.gateway_cpu_s * wall_s) / count * 1000,
        (spent.commands.total() - waiting.commands * wall_s) / count,
        scripts / count,
        # One each where a job is created and where it is taken; every write renews the lease.
        spent.commands["zadd"] / count - 2,
        spent.read_bytes / count,
        spent.written_bytes / count,
        spent.held_bytes / count,
    )
