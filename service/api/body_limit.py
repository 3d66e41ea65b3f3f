"""A bound on a request's body, in length and in time, held before anything is buffered."""

import asyncio
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems


class BodyLimit:
    """Refuses a body that says it is too long, and stops reading one that turns out to be, or is too slow."""

    def __init__(self, app: ASGIApp, limit_bytes: int, limit_s: float):
        self._app = app
        self._limit_bytes, self._limit_s = limit_bytes, limit_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _says(scope) > self._limit_bytes:
            response = problems.http_problem(Request(scope), _too_long(self._limit_bytes))
            await response(scope, receive, send)
        else:
            body = _Body(receive, self._limit_bytes, self._limit_s)
            await self._app(scope, body.receive, send)


@dataclass(slots=True)
class _Body:
    """One body on its way in. After its end `receive` hears of the client leaving: that has no bound."""

    source: Receive
    limit_bytes: int
    limit_s: float
    _read_bytes: int = 0
    _ends_at: float | None = None
    _complete: bool = False

    async def receive(self) -> Message:
        if self._complete:
            return await self.source()
        message = await self._next()
        self._read_bytes += len(message.get("body", b""))
        if self._read_bytes > self.limit_bytes:
            raise _too_long(self.limit_bytes)
        self._complete = not message.get("more_body")
        return message

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
