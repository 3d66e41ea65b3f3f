"""Who gets a place at work when there are not enough.

A place that is free is anyone's. Once the gate is full, a tenant's share is its part of the places,
`max(1, limit // tenants)`, counting those that hold, wait for, or were lately refused a place. As long as
somebody below their share wants one, nobody at or above theirs gets one. So a flood can fill the gate only
until another comes, and from then on every place that comes free is the other's, until both have their share.

Not covered: with more tenants than places shares are of one place, and the first to ask gets it.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from service.caller import caller
from service.domain.errors import OverloadedError, QuotaError
from service.domain.identity import Identity

WANTING_S = 5.0
"""How long somebody refused is expected back: a little longer than they are told to wait."""
_MAX_WAITING = 4096
_QUOTA_RETRY_S = 2.0


def stopping() -> OverloadedError:
    """Another gateway may serve what this one no longer can."""
    return OverloadedError("this gateway is stopping; send the request again, to another one")


class Load(Protocol):
    """Where work in flight is counted."""

    def inflight(self, change: int) -> None:
        """Count work begun (1) or ended (-1)."""


class Gate:
    """Bounds the work in flight. What does not fit is turned away at once: waiting hides overload."""

    def __init__(self, limit: int, load: Load, clock: Callable[[], float] = time.monotonic):
        self._limit, self._load, self._clock = limit, load, clock
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """In the order in which tenants get their next turn."""
        self._ceilings: dict[str, int | None] = {}
        self._wanting: dict[str, float] = {}
        """Tenants that were refused, and until when they are expected back."""
        self._shut = False
        self.inflight = 0

    def shut(self) -> None:
        """Let nobody else in: the process is about to stop."""
        self._shut = True

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place, or raise `OverloadedError`; `QuotaError` where it is the tenant that has enough."""
        identity = caller()
        self._take(identity)
        try:
            yield
        finally:
            self._release(identity.tenant)

    @asynccontextmanager
    async def queue(self, seconds: float) -> AsyncIterator[None]:
        """Hold a place, waiting for one in turn; raise `OverloadedError` where none comes free in time.

        For clients that take being turned away for a failed reward, and ask again at once.
        """
        identity = caller()
        await self._wait(identity, seconds)
        try:
            yield
        finally:
            self._release(identity.tenant)

    def _take(self, identity: Identity) -> None:
        tenant = self._known(identity)
        self._hand_out()
        if self._has_enough(tenant):
            raise QuotaError(f"{self._held[tenant]} requests of yours are at work already", _QUOTA_RETRY_S)
        if not self._may_take(tenant):
            self._wanting[tenant] = self._clock() + WANTING_S
            raise OverloadedError(f"{self._limit} requests are at work already; try again shortly")
        self._give(tenant)

    async def _wait(self, identity: Identity, seconds: float) -> None:
        tenant = self._known(identity)
        if sum(map(len, self._waiting.values())) >= _MAX_WAITING:
            raise OverloadedError(f"{_MAX_WAITING} requests wait already; try again shortly")
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(place)
        self._hand_out()
        try:
            async with asyncio.timeout(seconds):
                await place
        except BaseException as error:
            self._leave(tenant, place)
            if isinstance(error, TimeoutError):
                raise OverloadedError(f"no place came free within {seconds:g} s") from None
            raise

    def _known(self, identity: Identity) -> str:
        if self._shut:
            raise stopping()
        self._ceilings[identity.tenant] = identity.quota.max_inflight
        return identity.tenant

    def _leave(self, tenant: str, place: asyncio.Future[None]) -> None:
        """Pass on a place that was given to who left at the same moment."""
        if place in self._waiting.get(tenant, ()):
            self._drop(tenant, place)
            self._hand_out()
        elif place.done() and not place.cancelled():
            self._release(tenant)

    def _release(self, tenant: str) -> None:
        self._count(tenant, -1)
        self._hand_out()

    def _hand_out(self) -> None:
        """Give places to those who wait: to who holds fewest, by turns among equals."""
        while (tenant := self._next()) is not None:
            place = self._waiting[tenant][0]
            self._drop(tenant, place)
            if not place.done():
                self._give(tenant)
                place.set_result(None)

    def _next(self) -> str | None:
        ready = (tenant for tenant in self._waiting if self._may_take(tenant))
        return min(ready, key=self._held.__getitem__, default=None)

    def _drop(self, tenant: str, place: asyncio.Future[None]) -> None:
        """Take somebody out of the queue; their tenant's next turn is after the others'."""
        places = self._waiting.pop(tenant)
        places.remove(place)
        if places:
            self._waiting[tenant] = places

    def _may_take(self, tenant: str) -> bool:
        if self.inflight >= self._limit or self._has_enough(tenant):
            return False
        wanting = self._who_wants()
        share = self._share({tenant, *wanting})
        return self._held[tenant] < share or not any(
            other != tenant and self._held[other] < share for other in wanting
        )

    def _share(self, wanting: set[str]) -> int:
        return max(1, self._limit // len(wanting | self._held.keys()))

    def _who_wants(self) -> set[str]:
        now = self._clock()
        self._wanting = {tenant: until for tenant, until in self._wanting.items() if until > now}
        waiting = (tenant for tenant in self._waiting if not self._has_enough(tenant))
        return {*waiting, *self._wanting}

    def _has_enough(self, tenant: str) -> bool:
        """Whether a tenant holds all that its own quota allows."""
        ceiling = self._ceilings.get(tenant)
        return ceiling is not None and self._held[tenant] >= ceiling

    def _give(self, tenant: str) -> None:
        self._wanting.pop(tenant, None)
        self._count(tenant, 1)

    def _count(self, tenant: str, change: int) -> None:
        self._held[tenant] += change
        if not self._held[tenant]:
            del self._held[tenant]
        self.inflight += change
        self._load.inflight(change)
