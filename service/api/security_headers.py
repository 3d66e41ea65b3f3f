"""Headers that keep a browser from doing more with an answer than showing it.

There are none of CORS: no page from elsewhere may read an answer.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    # What was asked and answered is somebody's code: no cache on the way keeps it.
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class SecurityHeaders:
    """Outermost middleware: crashes and refusals have them too. What a route says itself stands."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                said = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(header for header in _ALWAYS if header[0] not in said)]
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
