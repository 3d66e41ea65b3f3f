"""Limits counted in Redis, for all gateways together.

Without Redis each gateway counts for itself, as it would have without one: a quota that is too generous
for a while is better than no service. Where it is not, whoever has one is turned away.
"""

from collections.abc import Mapping
from dataclasses import replace

import structlog

from service.adapters.memory_limits import MemoryLimits
from service.adapters.store.calls import RedisCalls
from service.domain.errors import OverloadedError, StoreError
from service.domain.identity import Quota
from service.domain.limits import MINUTE_S, Level, Standing

log = structlog.get_logger(__name__)


class RedisLimits:
    """Both buckets of a tenant are looked at and taken from by one script, on Redis' own clock."""

    def __init__(
        self,
        calls: RedisCalls,
        prefix: str,
        quotas: Mapping[str, Quota],
        reserve_tokens: int,
        *,
        alone: bool = True,
    ):
        self._calls, self._prefix, self._quotas, self._may_count_alone = calls, prefix, quotas, alone
        self._alone = MemoryLimits(quotas, reserve_tokens=reserve_tokens)
        self._set_aside_alone: dict[str, int] = {}
        """Reservations of each tenant's that Redis knows nothing of, and which are settled here."""

    def set_aside(self, tenant: str) -> int:
        return self._alone.set_aside(tenant)

    async def reserve(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        quota = self._quotas.get(tenant, Quota())
        try:
            return await self._reserve(tenant, quota, tokens, patience_s)
        except StoreError as error:
            self._go_on_alone(error)
        standing = await self._alone.reserve(tenant, tokens, patience_s)
        if standing.granted:
            self._set_aside_alone[tenant] = self._set_aside_alone.get(tenant, 0) + 1
        return standing

    async def reserve_more(self, tenant: str, tokens: int, patience_s: float) -> Standing:
        quota = replace(self._quotas.get(tenant, Quota()), requests_per_minute=None)
        try:
            return await self._reserve(tenant, quota, tokens, patience_s)
        except StoreError as error:
            self._go_on_alone(error)
        return await self._alone.reserve_more(tenant, tokens, patience_s)

    def _go_on_alone(self, error: StoreError) -> None:
        if not self._may_count_alone:
            log.warning("limits_not_counted", error=str(error))
            raise OverloadedError("quotas cannot be counted while the store is away; try again shortly")
        log.warning("limits_counted_alone", error=str(error))

    async def _reserve(self, tenant: str, quota: Quota, tokens: int, patience_s: float) -> Standing:
        limits = (quota.requests_per_minute, quota.tokens_per_minute)
        said = ["" if limit is None else limit for limit in limits]
        granted, wait_ms, *resets_ms = await self._calls.script(
            "reserve", self._keys(tenant), [*said, tokens, int(patience_s * 1000)]
        )
        levels = (_level(limit, reset_ms) for limit, reset_ms in zip(limits, resets_ms, strict=True))
        return Standing(bool(granted), wait_ms / 1000, *levels)

    async def settle(self, tenant: str, tokens: int) -> None:
        if alone := self._set_aside_alone.pop(tenant, 0):
            # Which of several requests this is of cannot be told, nor does it matter.
            if alone > 1:
                self._set_aside_alone[tenant] = alone - 1
            await self._alone.settle(tenant, tokens)
            return
        limit = self._quotas.get(tenant, Quota()).tokens_per_minute
        if limit is None or not tokens:
            return
        try:
            await self._calls.script("settle", self._keys(tenant)[1:], [limit, tokens])
        except StoreError as error:
            log.warning("limits_not_settled", error=str(error))
            await self._alone.settle(tenant, tokens)

    def _keys(self, tenant: str) -> list[str]:
        return [f"{self._prefix}limit:{kind}:{tenant}" for kind in ("requests", "tokens")]


def _level(limit: int | None, reset_ms: int) -> Level | None:
    if limit is None:
        return None
    left = int((MINUTE_S - reset_ms / 1000) * limit / MINUTE_S)
    return Level(limit, max(0, left), reset_ms / 1000)
