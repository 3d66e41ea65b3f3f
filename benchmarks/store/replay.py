"""How many refinements a second one Redis thread keeps, with nothing else to wait for.

A finished job is read back and written again under new ids: the store's own scripts with the store's own
arguments, many jobs to a round trip, so that the client is not what is measured.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from redis import Redis

from benchmarks.store.usage import usage
from service.adapters.store.bounds import StoreBounds
from service.adapters.store.calls import RedisCalls
from service.adapters.store.line import script_text
from service.adapters.store.redis import RedisStore
from service.store import Batch, Ending, Entry, Job, JobStatus, Lease

_PREFIX = "replay:"
TOGETHER = 50
"""Jobs to a round trip."""

_Call = tuple[str, Sequence[str], Sequence[str | int]]
"""A script's name, keys and arguments."""


@dataclass(frozen=True, slots=True)
class Flood:
    """Jobs written as fast as Redis takes them."""

    rate: float
    """Refinements a second."""
    busy: float
    """Share of the time in which Redis' thread worked: near 1, or the client was the limit."""
    cpu_ms: float
    """Of that thread, a refinement."""


@dataclass
class _Recorded:
    """In place of the calls to Redis: remembers scripts and answers what makes the store go on."""

    scripts: list[_Call] = field(default_factory=list)

    async def script(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        self.scripts.append((name, keys, arguments))
        return {"create": ["created", "", 0], "take": None, "write": "written"}[name]


async def flood(redis: Redis, job: Job, log: Sequence[Entry], writes: int, count: int) -> Flood:
    """Write a job `count` times, in `writes` batches each."""
    scripts = [await _scripts(replace(job, id=f"rf_{number}"), log, writes) for number in range(count)]
    connection: Any = redis.connection_pool.get_connection()
    messages = _messages(redis, connection, scripts)
    before, began = usage(redis), time.perf_counter()
    for packed, replies in messages:
        connection.send_packed_command(packed)
        for _ in range(replies):
            connection.read_response()
    wall_s = time.perf_counter() - began
    cpu_s = (usage(redis) - before).cpu_s
    if redis.zcard(f"{_PREFIX}open"):
        raise RuntimeError("jobs that were replayed have not ended: the scripts did something else")
    return Flood(count / wall_s, cpu_s / wall_s, cpu_s / count * 1000)


def _messages(
    redis: Redis, connection: Any, scripts: Sequence[Sequence[_Call]]
) -> list[tuple[list[bytes], int]]:
    """Pack the same step of many jobs together, with the number of replies, before the clock runs."""
    hashes = {name: redis.script_load(script_text(name)) for name in ("create", "take", "write")}
    messages = []
    for start in range(0, len(scripts), TOGETHER):
        for step in zip(*scripts[start : start + TOGETHER], strict=True):
            calls = [("EVALSHA", hashes[name], len(keys), *keys, *more) for name, keys, more in step]
            messages.append((connection.pack_commands(calls), len(calls)))
    return messages


async def _scripts(job: Job, log: Sequence[Entry], writes: int) -> list[_Call]:
    recorded = _Recorded()
    store = RedisStore(cast(RedisCalls, recorded), _PREFIX, StoreBounds(max_queued=10**6), "replay")
    first, *told, last = log
    ending = Ending(JobStatus.COMPLETED, last.event, last.data)
    await store.create(replace(job, status=JobStatus.QUEUED, rounds={}, last=0, ending=None), [first])
    await store.take()
    lease = Lease(job, token=1)
    for batch in _batches(told, job, writes - 1):
        await store.write(lease, batch)
    await store.write(lease, Batch(ending=ending))
    return recorded.scripts


def _batches(told: Sequence[Entry], job: Job, count: int) -> list[Batch]:
    """Spread entries and rounds evenly."""
    rounds = list(job.rounds.items())
    return [
        Batch(
            told[len(told) * at // count : len(told) * (at + 1) // count],
            dict(rounds[len(rounds) * at // count : len(rounds) * (at + 1) // count]),
        )
        for at in range(count)
    ]
