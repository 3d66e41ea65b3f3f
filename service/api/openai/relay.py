"""A request that passes through: the endpoint's bytes, until the client leaves."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from http import HTTPStatus

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.api.disconnect import unless_disconnected
from service.api.drain import Drain
from service.api.openai.wire import KEEPALIVE, error_event
from service.api.streaming import in_time, pump, say_farewell
from service.domain.errors import DeadlineError, RequestError, ServiceError
from service.gate import stopping
from service.services import Services, Upstream, UpstreamReply

log = structlog.get_logger(__name__)

_ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class Relay(Response):
    """Asks the endpoint once it is itself asked to answer, so that the client is watched from the start."""

    def __init__(
        self,
        upstream: Upstream,
        path: str,
        body: bytes,
        services: Services,
        *,
        absent: RequestError | None = None,
    ):
        """`absent` says that the endpoint may lack the path, and what to do then."""
        super().__init__()
        self._upstream, self._path, self._sent = upstream, path, body
        self._services, self._absent = services, absent
        self._streams = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._services.gate.admit():
            drain: Drain = scope["app"].state.drain
            try:
                async with in_time(self._services.bounds.request_seconds):
                    await unless_disconnected(receive, self._relay(send, drain))
            except DeadlineError as error:
                if not self._streams:
                    raise
                await say_farewell(send, error_event(error).encode(0))

    async def _relay(self, send: Send, drain: Drain) -> None:
        async with AsyncExitStack() as stack:
            asking = stack.enter_async_context(self._upstream.post(self._path, self._sent))
            reply = await drain.bounded(asking)
            if self._absent is not None and self._lacks_the_path(reply):
                raise self._absent
            if isinstance(reply.body, bytes):
                await send(_start(reply, {"content-length": str(len(reply.body))}))
                await send({"type": "http.response.body", "body": reply.body})
            else:
                await self._stream(reply, reply.body, send, drain)

    def _lacks_the_path(self, reply: UpstreamReply) -> bool:
        """Tell a path that is not there from a model that is not."""
        named = (b"model_not_found", self._upstream.model.encode())
        return reply.status in _ABSENT and not any(name in reply.refusal for name in named)

    async def _stream(
        self, reply: UpstreamReply, body: AsyncGenerator[bytes, None], send: Send, drain: Drain
    ) -> None:
        async def write(piece: bytes) -> None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})

        self._streams = True
        await send(_start(reply, {"cache-control": "no-store", "x-accel-buffering": "no"}))
        silence, silence_s = KEEPALIVE.encode(0), self._services.bounds.heartbeat_s
        last = error_event(stopping()).encode(0)
        await pump(_told(body), write, silence=silence, silence_s=silence_s, over=drain.over, last=last)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _told(body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Pass pieces on; a failure on the way is the last event, as the status has been sent."""
    yield b""  # the headers have come: from here on silence is filled
    try:
        async with aclosing(body):
            async for piece in body:
                yield piece
    except ServiceError as error:
        log.warning("relay_broke_off", error=error.loggable)
        yield error_event(error).encode(0)


def _start(reply: UpstreamReply, headers: dict[str, str]) -> dict[str, object]:
    all_headers = {"content-type": reply.media_type, **reply.headers, **headers}
    return {
        "type": "http.response.start",
        "status": reply.status,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in all_headers.items()],
    }
