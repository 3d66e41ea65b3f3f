"""Around every request: an id of our own, one log line, and nothing of a crash but the id."""

import secrets
import time

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems
from service.api.disconnect import ClientDisconnectedError
from service.domain.identity import Identity

log = structlog.get_logger(__name__)

QUIET = ("/health", "/ready", "/metrics")
"""Paths that something asks for every few seconds."""


class RequestContext:
    """Outermost middleware, in plain ASGI: a wrapped `receive` would hide that the client left."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # The client's own X-Request-Id is not read: ids come back as headers and in upstream calls.
        scope["request_id"] = f"req_{secrets.token_hex(12)}"
        with structlog.contextvars.bound_contextvars(request_id=scope["request_id"]):
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", scope["request_id"].encode())]
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
            write = log.debug if scope["path"] in QUIET else log.info
            write(
                "request_finished",
                method=scope["method"],
                path=scope["path"],
                status=status,
                **_asker(scope),
                seconds=round(time.perf_counter() - started, 4),
            )


def _asker(scope: Scope) -> dict[str, str]:
    """Name whoever asked, where that is known; their key has a name too."""
    identity: Identity | None = scope.get("identity")
    return {} if identity is None else {"tenant": identity.tenant, "key_id": identity.key_id}
