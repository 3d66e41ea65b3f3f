"""Limits counted in this process: several gateways allow as many times as much."""

import time
from collections.abc import Callable, Mapping

from service.domain.identity import Quota
from service.domain.limits import Bucket, Level, Standing


class MemoryLimits:
    """Two buckets a tenant. Nothing is awaited between looking and taking, which makes both one step."""

    def __init__(self, quotas: Mapping[str, Quota], clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._requests = _buckets({name: quota.requests_per_minute for name, quota in quotas.items()})
        self._tokens = _buckets({name: quota.tokens_per_minute for name, quota in quotas.items()})

    async def reserve(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        now = self._clock()
        requests_left, tokens_left = self._requests.get(tenant), self._tokens.get(tenant)
        both = ((requests_left, 1), (tokens_left, tokens))
        wanted = [(bucket, amount) for bucket, amount in both if bucket]
        wait_s = max((bucket.wait_s(amount, now) for bucket, amount in wanted), default=0.0)
        granted = wait_s <= patience_s
        for bucket, amount in wanted if granted else ():
            bucket.take(amount, now)
        return Standing(
            granted,
            wait_s,
            requests=_level(requests_left, now),
            tokens=_level(tokens_left, now),
        )

    async def settle(self, tenant: str, tokens: int) -> None:
        if bucket := self._tokens.get(tenant):
            bucket.take(tokens, self._clock())

    def remaining_tokens(self, tenant: str) -> int | None:
        """Look, without taking."""
        level = _level(self._tokens.get(tenant), self._clock())
        return None if level is None else level.remaining


def _buckets(limits: Mapping[str, int | None]) -> dict[str, Bucket]:
    return {tenant: Bucket(limit) for tenant, limit in limits.items() if limit is not None}


def _level(bucket: Bucket | None, now: float) -> Level | None:
    return None if bucket is None else bucket.level(now)
