"""Connections to the replicas of a model: each request with its bounds, its end told to the breaker."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from math import ceil
from types import TracebackType
from typing import Self

import aiohttp
from pydantic import SecretStr
from yarl import URL

from service.adapters.openai.breaker import Ending
from service.adapters.openai.patience import Deadline, Patience
from service.adapters.openai.replicas import Call, Replica, Route, route
from service.domain.errors import ModelError
from service.observing.propagation import trace_headers

MAX_ANSWER_BYTES = 32 * 2**20
MAX_ERROR_BYTES = 2**16
CONNECTIONS = 1024
KEPT_S = 4.0
"""How long an idle connection is kept: less than servers do (uvicorn 5 s), which close theirs unasked."""


class UnreachableError(ModelError):
    """No answer came back over the connection, or there was none."""

    @property
    def unsent(self) -> bool:
        """Say whether there was no connection, so that nobody can have begun the request."""
        kinds = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
        return isinstance(self.__cause__, kinds)


class Reply:
    """An answer that is being read; leaving it before its end closes the connection, which stops the server.

    Leaving it by a `ModelError`, because it could not be read, counts against the replica.
    """

    def __init__(
        self, transport: "Transport", call: Call, response: aiohttp.ClientResponse, deadline: Deadline
    ) -> None:
        self.response = response
        self._transport, self._call, self._deadline = transport, call, deadline
        self._left_bytes = MAX_ANSWER_BYTES if response.status == HTTPStatus.OK else MAX_ERROR_BYTES
        self._wait_s = transport.patience.first_byte_s
        self._ended = self._broke = self._heard = False

    @property
    def status(self) -> int:
        return self.response.status

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call.end(self._ending(error))
        # A connection whose answer was read to its end is already back in the pool.
        self.response.close()

    async def chunk(self) -> bytes:
        """Read on; nothing means the end."""
        content = self.response.content
        try:
            chunk = content.read_nowait()
            if not chunk and not content.at_eof():
                async with self._deadline.within(self._wait_s):
                    chunk = await content.readany()
        except TimeoutError:
            raise self._broken(f"silent for {self._wait_s:g} s, or past its deadline") from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise self._broken(f"the answer broke off ({type(error).__name__})") from error
        self._begun(chunk)
        self._ended = not chunk
        self._left_bytes -= len(chunk)
        if self._left_bytes < 0:
            raise self._broken("the answer is too long")
        return chunk

    async def body(self) -> bytes:
        """Read all of it."""
        chunks: list[bytes] = []
        while chunk := await self.chunk():
            chunks.append(chunk)
        return b"".join(chunks)

    async def gather(self, seconds: float) -> None:
        """Let more of it arrive, until its end or for so long: what comes together costs as one piece."""
        # What breaks off meanwhile is told by the next read.
        with suppress(TimeoutError, aiohttp.ClientError, ConnectionError):
            async with self._deadline.within(seconds):
                await self.response.content.wait_eof()

    async def drain(self, seconds: float) -> None:
        """Wait briefly after an answer's last word, so that the connection can be used again."""
        self._ended = True
        with suppress(TimeoutError, aiohttp.ClientError, ConnectionError):
            async with self._deadline.within(seconds):
                while await self.response.content.readany():
                    pass

    def _begun(self, chunk: bytes) -> None:
        """After its first words an answer is waited for differently."""
        self._wait_s = self._transport.patience.idle_s
        if not self._heard and chunk and self.status == HTTPStatus.OK:
            self._heard = True
            self._call.hear()

    def _broken(self, what: str) -> ModelError:
        """Remember it: whoever passes a stream on may end it in an event of theirs."""
        self._broke = True
        return self._transport.error(what)

    def _ending(self, error: BaseException | None) -> Ending:
        if self._broke or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Ending.FAILED
        if self.status != HTTPStatus.OK:
            return Ending.REFUSED
        if isinstance(error, ModelError):
            return Ending.FAILED
        return Ending.SUCCEEDED if self._ended else Ending.UNTOLD


class Transport:
    """Where a model is served, our key there, and the connections."""

    def __init__(
        self,
        name: str,
        base_urls: Sequence[str],
        api_key: SecretStr | None,
        patience: Patience,
    ) -> None:
        self.patience = patience
        self.secret = "" if api_key is None else api_key.get_secret_value()
        self._name = name
        if not (self.secret.isascii() and self.secret.isprintable()):
            raise self.error("the API key has characters that a header cannot carry")
        self._replicas = [Replica(name, self._url(base_url), patience.clock) for base_url in base_urls]
        self._session: aiohttp.ClientSession | None = None

    def error(self, what: str) -> ModelError:
        """Return an error that names the model, not the address."""
        return ModelError(self.told(what))

    def told(self, what: str) -> str:
        return f"model {self._name!r} (openai endpoint): {what}"

    def route(self, key: Callable[[], str]) -> Route:
        """Return the way of a new request; `key` is asked for only where there is a choice."""
        return route(self._replicas, key)

    def unavailable(self, way: Route) -> ModelError:
        """Say that no replica may be called, and until when."""
        wait_s = max(1, ceil(way.wait_s))
        told = self.told(f"failed too often and is left alone; the next call may try in {wait_s} s")
        return ModelError(told, retry_after_s=wait_s)

    async def send(
        self, replica: Replica, path: str, body: bytes, deadline: Deadline, begins_s: float
    ) -> Reply:
        """Send a request; return once its answer begins."""
        call = Call(replica)
        try:
            return Reply(self, call, await self._respond(replica, path, body, deadline, begins_s), deadline)
        except ModelError:
            call.end(Ending.FAILED)
            raise
        except BaseException:
            call.end(Ending.UNTOLD)
            raise

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _respond(
        self, replica: Replica, path: str, body: bytes, deadline: Deadline, begins_s: float
    ) -> aiohttp.ClientResponse:
        session = self._open_session()
        try:
            async with deadline.within(begins_s):
                return await session.post(
                    replica.address(path), data=body, headers=trace_headers(), allow_redirects=False
                )
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            raise UnreachableError(self.told(f"cannot be reached ({type(error).__name__})")) from error
        except TimeoutError:
            raise self.error(f"no answer within {min(begins_s, deadline.total_s):g} s") from None
        except aiohttp.ClientError as error:
            raise self.error(f"its answer is not HTTP ({type(error).__name__})") from error

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        return headers

    def _url(self, base_url: str) -> URL:
        url = URL(base_url.rstrip("/"))
        # aiohttp refuses two credentials for one request; the key is the one that was configured on purpose.
        return URL(str(url.with_user(None) if self.secret else url).rstrip("/"))

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.patience.connect_s),
            )
        return self._session
