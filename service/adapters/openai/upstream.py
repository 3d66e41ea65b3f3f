"""An OpenAI-compatible endpoint as it is: what it is sent and what it answers pass through untouched.

What it refuses is not tried again: whoever asked has retries of their own.
Not covered: an endpoint that puts our key into an event of a stream, and, behind several base URLs, what
one of them remembers (`previous_response_id`).
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from pydantic_core import from_json, to_json

from service.adapters.openai.failure import Refusal
from service.adapters.openai.patience import Deadline
from service.adapters.openai.prefix import shared_part
from service.adapters.openai.salt import SALT, cache_salt
from service.adapters.openai.transport import Reply, Transport, UnreachableError
from service.domain.errors import ModelError
from service.services import UpstreamReply

MAX_EVENT_BYTES = 2**20

_EVENT_ENDS = (b"\n\n", b"\r\n\r\n")
_STREAM = "text/event-stream"
_JSON = "application/json"
_WHEN_TO_COME_BACK = ("retry-after", "retry-after-ms", "x-should-retry")


class OpenAIUpstream:
    """Where the model is served, our key, and the endpoint's own name of the model."""

    def __init__(self, transport: Transport, model: str, *, salted: bool = False) -> None:
        """The transport is whose it was: it is not closed here."""
        self.model, self._salted = model, salted
        self._transport = transport

    @property
    def members(self) -> Mapping[str, str]:
        return {"model": self.model} | ({SALT: cache_salt()} if self._salted else {})

    @asynccontextmanager
    async def post(self, path: str, body: bytes) -> AsyncGenerator[UpstreamReply, None]:
        """Send a body; leaving the context before the answer's end closes the connection."""
        deadline = Deadline(self._transport.patience.total_s)
        async with await self._send(path, body, deadline) as reply:
            yield await self._reply(reply)

    async def _send(self, path: str, body: bytes, deadline: Deadline) -> Reply:
        """Send it to the first replica that a connection can be made to."""
        route = self._transport.route(lambda: _shared_part(body))
        failure = None
        while (replica := route.next()) is not None:
            try:
                begins_s = self._transport.patience.whole_s
                return await self._transport.send(replica, path, body, deadline, begins_s)
            except UnreachableError as error:
                if not error.unsent:
                    raise
                failure = error
        raise failure or self._transport.unavailable(route)

    async def _reply(self, reply: Reply) -> UpstreamReply:
        response = reply.response
        headers = _when_to_come_back(response.headers)
        if reply.status != HTTPStatus.OK:
            said = await reply.body()
            return UpstreamReply(reply.status, _JSON, headers, self._refusal(reply.status, said), said)
        if response.content_type == _STREAM:
            return UpstreamReply(200, response.headers["Content-Type"], headers, self._events(reply))
        body = await reply.body()
        self._check(body)
        return UpstreamReply(200, _JSON, headers, body)

    def _refusal(self, status: int, body: bytes) -> bytes:
        """Pass a refusal on; one about our key or our configuration is our failure, not the client's."""
        refusal, secret = Refusal.read(status, body), self._transport.secret
        told = refusal.told(secret)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or status < HTTPStatus.BAD_REQUEST:
            raise self._refused(refusal)
        if _is_error(body):
            return body.replace(secret.encode(), b"***") if secret else body
        # An HTML page of some proxy, perhaps.
        kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
        error = {"message": self._transport.told(told), "type": kind, "param": None, "code": None}
        return to_json({"error": error})

    def _check(self, body: bytes) -> None:
        """An error inside a 200 is an error; so is what is no JSON object at all."""
        if not body.lstrip().startswith(b"{"):
            raise self._transport.error("its answer is not a JSON object")
        if b'"error"' in body and _is_error(body):
            raise self._refused(Refusal.read(HTTPStatus.OK, body))

    def _refused(self, refusal: Refusal) -> ModelError:
        error = self._transport.error(refusal.told(self._transport.secret))
        error.quote = refusal.readable(self._transport.secret)
        return error

    async def _events(self, reply: Reply) -> AsyncGenerator[bytes, None]:
        """Yield whole events: a piece of one, followed by an error of ours, could not be read."""
        rest = b""
        while chunk := await reply.chunk():
            rest += chunk
            if end := _last_end(rest):
                yield rest[:end]
                rest = rest[end:]
            if len(rest) > MAX_EVENT_BYTES:
                raise self._transport.error("an event of the stream is too long")
        if rest:
            yield rest


def _shared_part(body: bytes) -> str:
    try:
        request = from_json(body)
    except ValueError:
        request = None
    return shared_part(request) if isinstance(request, dict) else body.decode(errors="replace")


def _when_to_come_back(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _WHEN_TO_COME_BACK if name in headers}


def _last_end(text: bytes) -> int:
    """Return where the last whole event ends; 0: there is none yet."""
    return max((text.rfind(mark) + len(mark) for mark in _EVENT_ENDS if mark in text), default=0)


def _is_error(body: bytes) -> bool:
    """Say whether this is an error as OpenAI writes it; a response that failed has output beside it."""
    try:
        answer = from_json(body)
    except ValueError:
        return False
    return (
        isinstance(answer, dict) and bool(answer.get("error")) and not {"choices", "output"} & answer.keys()
    )
