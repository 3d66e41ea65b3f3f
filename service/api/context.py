"""Around every request: an id of our own, one log line, and nothing of a crash but the id."""

import secrets
import time
from collections.abc import Iterable

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems
from service.api.disconnect import ClientDisconnectedError
from service.domain.identity import Identity
from service.observing.propagation import continued
from service.observing.stopwatch import Stopwatch, stopwatch
from service.services import Services

log = structlog.get_logger(__name__)

QUIET = ("/health", "/ready", "/metrics")
"""Paths that something asks for every few seconds."""
_EVENTS = b"text/event-stream"


class RequestContext:
    """Outermost middleware, in plain ASGI: a wrapped `receive` would hide that the client left."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # No redirect: behind TLS it would lead to plain HTTP, and the key and the body with it.
        if scope["path"].endswith("/"):
            scope["path"] = scope["path"].rstrip("/") or "/"
        # The client's own X-Request-Id is not read: ids come back as headers and in upstream calls.
        scope["request_id"] = f"req_{secrets.token_hex(12)}"
        with (
            structlog.contextvars.bound_contextvars(request_id=scope["request_id"]),
            continued(scope["headers"]),
            stopwatch() as watch,
        ):
            await self._serve(scope, _restarting(receive, watch), send, watch)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, watch: Stopwatch) -> None:
        started = time.perf_counter()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                added = [
                    (b"x-request-id", scope["request_id"].encode()),
                    *_overhead(message["headers"], watch),
                ]
                message["headers"] = [*message["headers"], *added]
            with watch.elsewhere():  # a client that reads slowly is not ours
                await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnectedError:
            log.info("client_disconnected", path=scope["path"])
        except Exception:
            log.exception("request_crashed", path=scope["path"])
            if status is not None:
                raise  # the server closes the connection, so that half an answer is not taken for a whole
            response = problems.respond(Request(scope), problems.UNEXPECTED, None)
            await response(scope, receive, send_with_id)
        finally:
            if watch.calls:
                services: Services = scope["app"].state.services
                services.telemetry.request_answered(watch.own_s)
            write = log.debug if scope["path"] in QUIET else log.info
            write(
                "request_finished",
                method=scope["method"],
                path=scope["path"],
                status=status,
                **_asker(scope),
                seconds=round(time.perf_counter() - started, 4),
            )


def _restarting(receive: Receive, watch: Stopwatch) -> Receive:
    """Count from the end of the body: how long it was in coming is the client's affair."""

    async def receive_timed() -> Message:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body") and not watch.calls:
            watch.restart()
        return message

    return receive_timed


def _overhead(headers: Iterable[tuple[bytes, bytes]], watch: Stopwatch) -> list[tuple[bytes, bytes]]:
    """Tell our own share of an answer that needed others; what is streamed has hardly begun."""
    if not watch.calls or any(name == b"content-type" and _EVENTS in value for name, value in headers):
        return []
    return [(b"x-refine-overhead-ms", f"{watch.own_s * 1000:.2f}".encode())]


def _asker(scope: Scope) -> dict[str, str]:
    """Name whoever asked, where that is known; their key has a name too."""
    identity: Identity | None = scope.get("identity")
    return {} if identity is None else {"tenant": identity.tenant, "key_id": identity.key_id}
