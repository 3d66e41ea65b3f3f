"""Opens the store that the configuration names, and the count of what tenants use."""

import os
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from service.adapters.memory_limits import MemoryLimits
from service.adapters.store.bounds import StoreBounds
from service.adapters.store.memory import MemoryStore
from service.domain.identity import Quota
from service.domain.limits import Limits
from service.settings import StoreSection
from service.store import Store


@asynccontextmanager
async def open_store(section: StoreSection) -> AsyncGenerator[Store, None]:
    """Open it for as long as the context lasts. A Redis that is not there yet is no reason not to start."""
    bounds = StoreBounds(
        section.ttl_s, section.lease_s, section.max_events, section.max_queued, section.max_queued_of_tenant
    )
    url, password = section.url.get_secret_value(), section.password()
    if not url:
        yield MemoryStore(bounds)
        return
    # Imported here: whoever keeps jobs in memory loads no redis.
    from service.adapters.store.advice import advised  # noqa: PLC0415
    from service.adapters.store.calls import open_calls  # noqa: PLC0415
    from service.adapters.store.redis import RedisStore  # noqa: PLC0415

    owner = f"{socket.gethostname()}:{os.getpid()}"
    secret = None if password is None else password.get_secret_value()
    async with open_calls(url, secret, section.timeout_s) as calls, advised(calls):
        yield RedisStore(calls, section.prefix, bounds, owner)


@asynccontextmanager
async def open_limits(
    section: StoreSection, quotas: Mapping[str, Quota], reserve_tokens: int = 0, *, alone: bool = True
) -> AsyncGenerator[Limits, None]:
    """Count tenants' use where jobs are kept; in Redis only where there are tenants.

    `alone`: while Redis is away too, each process for itself.
    """
    url, password = section.url.get_secret_value(), section.password()
    if not url or not quotas:
        yield MemoryLimits(quotas, reserve_tokens=reserve_tokens)
        return
    from service.adapters.store.calls import open_calls  # noqa: PLC0415
    from service.adapters.store.limits import RedisLimits  # noqa: PLC0415

    secret = None if password is None else password.get_secret_value()
    async with open_calls(url, secret, section.timeout_s) as calls:
        yield RedisLimits(calls, section.prefix, quotas, reserve_tokens, alone=alone)
