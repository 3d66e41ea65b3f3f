"""A bound on a request's body, held before anything is buffered."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems


class BodyLimit:
    """Refuses a body that says it is too long, and stops reading one that turns out to be."""

    def __init__(self, app: ASGIApp, limit_bytes: int):
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _says(scope) > self._limit_bytes:
            response = problems.http_problem(Request(scope), self._error())
            await response(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        read_bytes = 0

        async def receive_counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > self._limit_bytes:
                raise self._error()
            return message

        return receive_counted

    def _error(self) -> HTTPException:
        return HTTPException(413, f"the body is longer than {self._limit_bytes} bytes")


def _says(scope: Scope) -> int:
    """Return the length that the client announces; a body without one is counted as it is read."""
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0
