"""Bounds on the bodies of requests, each in length and in time, and all together, held as they are read."""

import asyncio
from dataclasses import dataclass, field
from typing import Self

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems
from service.shares import Shares

TENANTS_SHARE = 4
"""One tenant that has a name may have a quarter of what there is room for."""


@dataclass(slots=True)
class Held:
    """Bytes of bodies in memory: of requests that are read, wait for a place or are at work."""

    limit_bytes: int
    share_bytes: int
    """What a tenant may have of it."""
    _shares: Shares = field(default_factory=Shares)

    @classmethod
    def within(cls, limit_bytes: int, body_bytes: int) -> Self:
        """A single body always fits: its own bound is another one."""
        return cls(max(limit_bytes, body_bytes), max(limit_bytes // TENANTS_SHARE, body_bytes))

    def take(self, tenant: str, size: int) -> None:
        """Count them in. Raises a 503 where there is no room."""
        mine, all_bytes = self._shares.of(tenant) + size, self._shares.total + size
        if all_bytes > self.limit_bytes or (tenant and mine > self.share_bytes):
            raise HTTPException(
                503,
                "the bodies of the requests at work are too large together; try again shortly",
                {**problems.retry_headers(problems.RETRY_AFTER_S), "Connection": "close"},
            )
        self._shares.add(tenant, size)

    def give_back(self, tenant: str, size: int) -> None:
        self._shares.add(tenant, -size)


class BodyLimit:
    """Refuses a body that says it is too long, and stops reading one that turns out to be, or is too slow."""

    def __init__(self, app: ASGIApp, limit_bytes: int, limit_s: float, held_bytes: int):
        self._app = app
        self._limit_bytes, self._limit_s = limit_bytes, limit_s
        self._held = Held.within(held_bytes, limit_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _says(scope) > self._limit_bytes:
            response = problems.http_problem(Request(scope), _too_long(self._limit_bytes))
            await response(scope, receive, send)
        else:
            body = _Body(receive, self._limit_bytes, self._limit_s, self._held, str(scope.get("tenant", "")))
            try:
                await self._app(scope, body.receive, send)
            finally:
                body.let_go()


@dataclass(slots=True)
class _Body:
    """One body on its way in. After its end `receive` hears of the client leaving: that has no bound."""

    source: Receive
    limit_bytes: int
    limit_s: float
    held: Held
    tenant: str
    _read_bytes: int = 0
    _ends_at: float | None = None
    _complete: bool = False

    async def receive(self) -> Message:
        if self._complete:
            return await self.source()
        message = await self._next()
        size = len(message.get("body", b""))
        if self._read_bytes + size > self.limit_bytes:
            raise _too_long(self.limit_bytes)
        self.held.take(self.tenant, size)
        self._read_bytes += size
        self._complete = not message.get("more_body")
        return message

    def let_go(self) -> None:
        """Count it out: its request is over."""
        self.held.give_back(self.tenant, self._read_bytes)

    async def _next(self) -> Message:
        if self._ends_at is None:
            self._ends_at = asyncio.get_running_loop().time() + self.limit_s
        try:
            async with asyncio.timeout_at(self._ends_at):
                return await self.source()
        except TimeoutError:
            detail = f"the body had not arrived after {self.limit_s:g} s"
            raise HTTPException(408, detail, {"Connection": "close"}) from None


def _too_long(limit_bytes: int) -> HTTPException:
    return HTTPException(413, f"the body is longer than {limit_bytes} bytes")


def _says(scope: Scope) -> int:
    """Return the length that the client announces; a body without one is counted as it is read."""
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0
