"""An OpenAI-compatible endpoint as it is: what it is sent and what it answers pass through untouched.

What it refuses is not tried again: whoever asked has retries of their own.
Not covered: an endpoint that puts our key into an event of a stream.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

import aiohttp
from pydantic import SecretStr
from pydantic_core import from_json, to_json
from yarl import URL

from service.adapters.openai.failure import Refusal
from service.adapters.openai.patience import Deadline, Patience
from service.domain.errors import ModelError
from service.observing.propagation import trace_headers
from service.services import UpstreamReply

MAX_ANSWER_BYTES = 32 * 2**20
MAX_ERROR_BYTES = 2**16
MAX_EVENT_BYTES = 2**20
CONNECTIONS = 1024

_EVENT_ENDS = (b"\n\n", b"\r\n\r\n")
_STREAM = "text/event-stream"
_JSON = "application/json"
_WHEN_TO_COME_BACK = ("retry-after", "retry-after-ms", "x-should-retry")


class OpenAIUpstream:
    """One base URL, our key, and the endpoint's own name of the model."""

    def __init__(
        self, name: str, base_url: str, model: str, api_key: SecretStr | None, *, patience: Patience
    ) -> None:
        self.model = model
        self._name, self._patience = name, patience
        self._secret = "" if api_key is None else api_key.get_secret_value()
        # aiohttp refuses two credentials for one request; the key was configured on purpose.
        url = URL(base_url.rstrip("/"))
        self._base = str(url.with_user(None) if self._secret else url).rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def post(self, path: str, body: bytes) -> AsyncGenerator[UpstreamReply, None]:
        """Send a body; leaving the context before the answer's end closes the connection."""
        deadline = Deadline(self._patience.total_s)
        response = await self._send(path, body, deadline)
        try:
            yield await self._reply(response, deadline)
        finally:
            # A connection whose answer was read to its end is already back in the pool.
            response.close()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _send(self, path: str, body: bytes, deadline: Deadline) -> aiohttp.ClientResponse:
        headers = {"Content-Type": _JSON, "Accept-Encoding": "identity"}
        headers |= trace_headers()
        if self._secret:
            headers["Authorization"] = f"Bearer {self._secret}"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._patience.connect_s)
        post = partial(
            self._open_session().post,
            URL(self._base + path),
            data=body,
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
        )
        try:
            async with deadline.within(self._patience.whole_s):
                try:
                    return await post()
                except aiohttp.ServerDisconnectedError:
                    # A connection kept for later may have been closed at its other end meanwhile.
                    return await post()
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            raise self._error(f"cannot be reached ({type(error).__name__})") from error
        except TimeoutError:
            raise self._error(f"no answer within {self._patience.whole_s:g} s") from None
        except aiohttp.ClientError as error:
            raise self._error(f"its answer is not HTTP ({type(error).__name__})") from error

    async def _reply(self, response: aiohttp.ClientResponse, deadline: Deadline) -> UpstreamReply:
        headers = _when_to_come_back(response.headers)
        if response.status != HTTPStatus.OK:
            body = await self._whole(response, deadline, MAX_ERROR_BYTES)
            return UpstreamReply(response.status, _JSON, headers, self._refusal(response.status, body))
        if response.content_type == _STREAM:
            media_type = response.headers["Content-Type"]
            return UpstreamReply(200, media_type, headers, self._events(response, deadline))
        body = await self._whole(response, deadline, MAX_ANSWER_BYTES)
        self._check(body)
        return UpstreamReply(200, _JSON, headers, body)

    def _refusal(self, status: int, body: bytes) -> bytes:
        """Pass a refusal on; one about our key or our configuration is our failure, not the client's."""
        refusal = Refusal.read(status, body)
        told = refusal.told(self._secret)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or status < HTTPStatus.BAD_REQUEST:
            raise self._refused(refusal)
        if _is_error(body):
            return body.replace(self._secret.encode(), b"***") if self._secret else body
        # An HTML page of some proxy, perhaps.
        kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
        message = f"model {self._name!r} (openai endpoint): {told}"
        return to_json({"error": {"message": message, "type": kind, "param": None, "code": None}})

    def _check(self, body: bytes) -> None:
        """An error inside a 200 is an error; so is what is no JSON object at all."""
        if not body.lstrip().startswith(b"{"):
            raise self._error("its answer is not a JSON object")
        if b'"error"' in body and _is_error(body):
            raise self._refused(Refusal.read(HTTPStatus.OK, body))

    async def _events(
        self, response: aiohttp.ClientResponse, deadline: Deadline
    ) -> AsyncGenerator[bytes, None]:
        """Yield whole events: a piece of one, followed by an error of ours, could not be read."""
        rest, wait_s = b"", self._patience.first_byte_s
        while chunk := await self._chunk(response, deadline, wait_s):
            wait_s = self._patience.idle_s
            rest += chunk
            if end := _last_end(rest):
                yield rest[:end]
                rest = rest[end:]
            if len(rest) > MAX_EVENT_BYTES:
                raise self._error("an event of the stream is too long")
        if rest:
            yield rest

    async def _whole(self, response: aiohttp.ClientResponse, deadline: Deadline, limit_bytes: int) -> bytes:
        body = bytearray()
        while chunk := await self._chunk(response, deadline, self._patience.idle_s):
            body += chunk
            if len(body) > limit_bytes:
                raise self._error("its answer is too long")
        return bytes(body)

    async def _chunk(self, response: aiohttp.ClientResponse, deadline: Deadline, wait_s: float) -> bytes:
        try:
            async with deadline.within(wait_s):
                return await response.content.readany()
        except TimeoutError:
            raise self._error(f"silent for {wait_s:g} s, or past its deadline") from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise self._error(f"the answer broke off ({type(error).__name__})") from error

    def _refused(self, refusal: Refusal) -> ModelError:
        error = self._error(refusal.told(self._secret))
        error.quote = refusal.readable(self._secret)
        return error

    def _error(self, what: str) -> ModelError:
        return ModelError(f"model {self._name!r} (openai endpoint): {what}")

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


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
