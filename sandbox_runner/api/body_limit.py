"""Refuse a body that is too large before it is buffered, whether or not it says its length."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox_runner.api.problems import TOO_LARGE, problem_response


class BodyLimit:
    def __init__(self, app: ASGIApp, body_bytes: int) -> None:
        self._app = app
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _declared_length(scope) > self._body_bytes:
            await problem_response(TOO_LARGE, scope["path"], self._detail)(scope, receive, send)
        else:
            await self._app(scope, self._counting(receive), send)

    @property
    def _detail(self) -> str:
        return f"The limit is {self._body_bytes} bytes."

    def _counting(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._body_bytes:
                # FastAPI turns every other exception in a body into a 400.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._detail)
            return message

        return counted


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
