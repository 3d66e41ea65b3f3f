"""`/mcp`: one POST a message, answered by JSON or by a stream of progress that ends with the answer.

Stateless: nothing is kept between messages, so any replica answers any of them.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import cast

import mcp_types as mcp
import msgspec
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from sse_starlette.sse import AppStatus
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from service.api.disconnect import ClientDisconnectedError
from service.api.guard import Guard
from service.api.mcp.calls import Calls, new_session
from service.api.mcp.server import SESSION_HEADER, mcp_server
from service.services import Services
from service.settings import Settings


class _Peeked(msgspec.Struct):
    """What is read of a request or a notification before the SDK reads it."""

    method: str
    id: object = msgspec.UNSET
    params: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def may_be(self) -> bool:
        """Whether its id is one that can be answered, or not there: the SDK takes others for none."""
        return self.id is msgspec.UNSET or (isinstance(self.id, str | int) and not isinstance(self.id, bool))


class _Cancelled(msgspec.Struct, rename="camel"):
    """Which request a cancellation is for."""

    request_id: str | int


_PEEKED = msgspec.json.Decoder(_Peeked)
_CANCELLED = msgspec.json.Decoder(_Cancelled)


class Door:
    """The ASGI application behind the route."""

    def __init__(self, guard: Guard, calls: Calls, manager: StreamableHTTPSessionManager):
        self._guard = guard
        self._calls = calls
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        self._guard.check(headers)
        if scope["method"] != "POST":
            # The protocol lets a server have no stream of its own accord, and no session to delete.
            raise HTTPException(
                HTTPStatus.METHOD_NOT_ALLOWED, "messages come by POST", headers={"Allow": "POST"}
            )
        body = await _whole(receive)
        message, session = _peek(body), headers.get(SESSION_HEADER)
        if message is not None and not message.may_be:
            await _no_request()(scope, receive, send)
            return
        if message is not None and message.method == "initialize":
            send = _with_session(send, new_session())
        if message is not None and message.method == "notifications/cancelled" and session is not None:
            self._cancel(session, message)
        await self._manager.handle_request(scope, _replayed(body, receive), send)

    def _cancel(self, session: str, message: _Peeked) -> None:
        with suppress(msgspec.DecodeError, RecursionError):
            self._calls.cancel(session, _CANCELLED.decode(message.params).request_id)


@asynccontextmanager
async def open_door(settings: Settings, services: Services) -> AsyncGenerator[Door, None]:
    """Serve for as long as the context lasts; what is at work at its end is cancelled."""
    # On SIGTERM the SDK's streams would be cut at once; they end by themselves, and uvicorn waits for them.
    AppStatus.enable_automatic_graceful_drain = False
    calls = Calls()
    manager = StreamableHTTPSessionManager(
        mcp_server(services, calls),
        stateless=True,
        max_request_body_size=settings.server.body_bytes,
    )
    async with manager.run():
        yield Door(Guard.of(settings), calls, manager)


class _Entrance:
    """Finds the door of the running application: each start opens a new one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await cast(Door, scope["app"].state.mcp)(scope, receive, send)


route = Route("/mcp", endpoint=_Entrance(), include_in_schema=False)


async def _whole(receive: Receive) -> bytes:
    """Read the body; its length is bounded by the middleware that counts it."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnectedError
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Give the body once more, and then what the client does."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _peek(body: bytes) -> _Peeked | None:
    """Read what matters here of a request or a notification; what is wrong with others is said by the SDK."""
    try:
        return _PEEKED.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


def _no_request() -> JSONResponse:
    """Refuse a request that cannot be answered by its id."""
    said = "id must be text or a whole number; a notification has none"
    error = {"code": mcp.INVALID_REQUEST, "message": said}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, HTTPStatus.BAD_REQUEST)


def _with_session(send: Send, session: str) -> Send:
    async def send_with_session(message: Message) -> None:
        if message["type"] == "http.response.start":
            header = (SESSION_HEADER.encode(), session.encode())
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    return send_with_session
