"""Tells of a Redis that is set up to lose jobs: it would be found out when they are gone."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager

import structlog

from service.adapters.store.calls import RedisCalls
from service.domain.errors import StoreError

log = structlog.get_logger(__name__)

AGAIN_S = 5.0
"""How long a Redis that is not there yet is left alone."""

_DOCS = "docs/operations.md#durable-refinements"


@asynccontextmanager
async def advised(calls: RedisCalls) -> AsyncGenerator[None, None]:
    """Look at Redis' settings beside the context's work, once it answers."""
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(_advise(calls))
        try:
            yield
        finally:
            looking.cancel()


async def _advise(calls: RedisCalls) -> None:
    settings = await _settings(calls)
    while settings is None:
        await asyncio.sleep(AGAIN_S)
        settings = await _settings(calls)
    if advice := list(_reasons(settings)):
        log.warning("redis_not_as_advised", advice=advice, see=_DOCS)


async def _settings(calls: RedisCalls) -> Mapping[str, str] | None:
    """Ask for them; None: nobody answers. A Redis that tells nobody tells us nothing."""
    try:
        told = await calls.together(("INFO", "memory"), ("INFO", "persistence"))
    except StoreError:
        try:
            await calls.together(("PING",))
        except StoreError:
            return None
        return {}
    lines = (line.partition(":") for section in told for line in str(section).splitlines())
    return {name: value.strip() for name, _, value in lines}


def _reasons(settings: Mapping[str, str]) -> Iterator[str]:
    policy = settings.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield f"maxmemory-policy is {policy}: it may forget any job; set noeviction"
    if settings.get("aof_enabled") == "0":
        yield "appendonly is no: a restart forgets the jobs that wait; set yes"
    if settings.get("maxmemory") == "0":
        yield "maxmemory is 0: it is killed where it could refuse; set half of what it may have"
