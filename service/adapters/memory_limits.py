"""Limits counted in this process: several gateways allow as many times as much."""

import time
from collections.abc import Callable, Mapping

from service.domain.identity import Quota
from service.domain.limits import Bucket, Level, Standing


class MemoryLimits:
    """Two buckets a tenant. Nothing is awaited between looking and taking, which makes both one step."""

    def __init__(
        self,
        quotas: Mapping[str, Quota],
        clock: Callable[[], float] = time.monotonic,
        *,
        reserve_tokens: int = 0,
    ):
        """`quotas` may change: a bucket is as large as the quota was when it was last looked at."""
        self._quotas, self._clock, self._reserve_tokens = quotas, clock, reserve_tokens
        self._requests: dict[str, Bucket] = {}
        self._tokens: dict[str, Bucket] = {}

    def set_aside(self, tenant: str) -> int:
        return min(self._reserve_tokens, self._quotas.get(tenant, Quota()).tokens_per_minute or 0)

    async def reserve(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        return self._reserve(*self._buckets(tenant), tokens, patience_s)

    async def reserve_more(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        return self._reserve(None, self._buckets(tenant)[1], tokens, patience_s)

    def _reserve(
        self, requests_left: Bucket | None, tokens_left: Bucket | None, tokens: int, patience_s: float
    ) -> Standing:
        now = self._clock()
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
        _, tokens_left = self._buckets(tenant)
        if tokens_left:
            tokens_left.take(tokens, self._clock())

    def remaining_tokens(self, tenant: str) -> int | None:
        """Look, without taking."""
        level = _level(self._buckets(tenant)[1], self._clock())
        return None if level is None else level.remaining

    def _buckets(self, tenant: str) -> tuple[Bucket | None, Bucket | None]:
        quota = self._quotas.get(tenant, Quota())
        return (
            _bucket(self._requests, tenant, quota.requests_per_minute),
            _bucket(self._tokens, tenant, quota.tokens_per_minute),
        )


def _bucket(kept: dict[str, Bucket], tenant: str, limit: int | None) -> Bucket | None:
    """Find a tenant's bucket; a quota that has changed begins with a full one."""
    if limit is None:
        kept.pop(tenant, None)
        return None
    if tenant not in kept or kept[tenant].limit != limit:
        kept[tenant] = Bucket(limit)
    return kept[tenant]


def _level(bucket: Bucket | None, now: float) -> Level | None:
    return None if bucket is None else bucket.level(now)
