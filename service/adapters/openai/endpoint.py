"""The HTTP side of a chat endpoint: connections, time limits, repetition, sizes."""

import asyncio
import json
from collections.abc import Mapping
from typing import Self

import aiohttp
from pydantic import JsonValue, SecretStr
from yarl import URL

from service.adapters.openai.failure import Refusal, RefusedError
from service.adapters.openai.patience import Deadline, Patience, asked_wait_s
from service.domain.errors import ContextError, ModelError
from service.observing.propagation import trace_headers

MAX_ANSWER_BYTES = 32 * 2**20
MAX_ERROR_BYTES = 2**16
CONNECTIONS = 1024

Payload = Mapping[str, JsonValue]


class Reply:
    """A 200 that is being read; closing it before its end closes the connection, which stops the server."""

    def __init__(
        self, endpoint: "Endpoint", response: aiohttp.ClientResponse, deadline: Deadline, limit_bytes: int
    ) -> None:
        self._endpoint, self._response, self._deadline = endpoint, response, deadline
        self._left_bytes = limit_bytes
        self._wait_s = endpoint.patience.first_byte_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._response.close()

    async def chunk(self) -> bytes:
        """Read on; nothing means the end."""
        try:
            async with self._deadline.within(self._wait_s):
                chunk = await self._response.content.readany()
        except TimeoutError:
            raise self._endpoint.error(f"silent for {self._wait_s:g} s, or past its deadline") from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise self._endpoint.error(f"the answer broke off ({type(error).__name__})") from error
        self._wait_s = self._endpoint.patience.idle_s
        self._left_bytes -= len(chunk)
        if self._left_bytes < 0:
            raise self._endpoint.error("the answer is too long")
        return chunk

    async def body(self) -> bytes:
        """Read all of it."""
        whole = bytearray()
        while chunk := await self.chunk():
            whole += chunk
        return bytes(whole)

    async def drain(self, seconds: float) -> None:
        """Wait briefly for the end, so that the connection can be used again."""
        try:
            async with self._deadline.within(seconds):
                while await self._response.content.readany():
                    pass
        except (TimeoutError, aiohttp.ClientError, ConnectionError):
            self._response.close()


class Endpoint:
    """One base URL and key."""

    def __init__(self, name: str, base_url: str, api_key: SecretStr | None, patience: Patience) -> None:
        self.patience = patience
        self._name = name
        self._secret = "" if api_key is None else api_key.get_secret_value()
        if not (self._secret.isascii() and self._secret.isprintable()):
            raise self.error("the API key has characters that a header cannot carry")
        url = URL(base_url.rstrip("/") + "/chat/completions")
        # aiohttp refuses two credentials for one request; the key is the one that was configured on purpose.
        self._url = url.with_user(None) if self._secret else url
        self._session: aiohttp.ClientSession | None = None

    def error(self, what: str) -> ModelError:
        """Return an error that names the model, not the address."""
        return ModelError(f"model {self._name!r} (openai endpoint): {what}")

    async def post(self, payload: Payload, deadline: Deadline) -> Reply:
        """Send a request until it is answered; only what may pass by itself is tried again."""
        body = json.dumps(payload).encode()
        begins_s = self.patience.first_byte_s if payload.get("stream") else self.patience.whole_s
        attempt = 0
        while True:
            asked_s = None
            try:
                response = await self._send(body, deadline, begins_s)
            except (aiohttp.ClientConnectionError, ConnectionError) as error:
                failure: ModelError = self.error(f"cannot be reached ({type(error).__name__})")
                failure.__cause__ = error
            else:
                if response.status == 200:
                    return Reply(self, response, deadline, MAX_ANSWER_BYTES)
                asked_s = asked_wait_s(response.headers)
                failure = await self._passing_failure(response, deadline)
            wait_s = self.patience.wait_s(attempt, asked_s)
            attempt += 1
            hopeless = wait_s > min(self.patience.longest_wait_s, deadline.left_s)
            if hopeless or attempt >= self.patience.attempts:
                raise failure
            await asyncio.sleep(wait_s)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _send(self, body: bytes, deadline: Deadline, begins_s: float) -> aiohttp.ClientResponse:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        headers |= trace_headers()
        if self._secret:
            headers["Authorization"] = f"Bearer {self._secret}"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self.patience.connect_s)
        try:
            async with deadline.within(begins_s):
                return await self._open_session().post(
                    self._url, data=body, headers=headers, timeout=timeout, allow_redirects=False
                )
        except aiohttp.ClientConnectionError:
            raise
        except TimeoutError:
            raise self.error(f"no answer within {min(begins_s, deadline.total_s):g} s") from None
        except aiohttp.ClientError as error:
            raise self.error(f"its answer is not HTTP ({type(error).__name__})") from error

    async def _passing_failure(self, response: aiohttp.ClientResponse, deadline: Deadline) -> ModelError:
        """Return a failure worth another attempt; raise any other."""
        async with Reply(self, response, deadline, MAX_ERROR_BYTES) as reply:
            refusal = Refusal.read(response.status, await reply.body())
        failure = self.refused(refusal)
        if not refusal.passing:
            raise failure
        return failure

    def refused(self, refusal: Refusal) -> RefusedError:
        """Return the error for a refusal; raise `ContextError` where the request itself is too long."""
        told = f"model {self._name!r} (openai endpoint): {refusal.told(self._secret)}"
        too_long, refused = ContextError(told), RefusedError(told, refusal)
        too_long.quote = refused.quote = refusal.readable(self._secret)
        if refusal.too_long:
            raise too_long
        return refused

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session
