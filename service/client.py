"""A thin client of the gateway: plain dictionaries in and out, one method an endpoint.

`Client` blocks; `AsyncClient` does not. Both raise `ProblemError` for what the gateway refuses and
`UnreachableError` where there is no gateway to ask.
"""

import json
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

Json = dict[str, Any]

DEFAULT_URL = "http://127.0.0.1:8000"
SILENCE_S = 60.0
"""The gateway sends a heartbeat every ten seconds; after this much silence it is taken for dead."""


class GatewayError(Exception):
    """Root of this client's errors."""


class UnreachableError(GatewayError):
    """Nothing answers at the address, or it stopped answering."""


class ProblemError(GatewayError):
    """The gateway answered with a problem (RFC 9457)."""

    def __init__(self, problem: Json, status: int):
        self.problem = problem
        self.status = int(problem.get("status", status))
        super().__init__(self._message())

    def _message(self) -> str:
        errors = self.problem.get("errors") or ()
        if errors:
            return "\n".join(f"{error.get('field')}: {error.get('message')}" for error in errors)
        title = self.problem.get("title", f"status {self.status}")
        detail = self.problem.get("detail")
        return f"{title}: {detail}" if detail else str(title)


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One server-sent event."""

    id: str
    event: str
    data: Json


class _EventParser:
    """Puts lines together to events."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}

    def feed(self, line: str) -> ServerEvent | None:
        """Take a line; return the event that it completes."""
        if line:
            name, _, value = line.partition(":")
            self._fields[name] = value.removeprefix(" ")
            return None
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        return ServerEvent(fields.get("id", ""), fields.get("event", ""), json.loads(fields["data"]))


class Client:
    """The gateway at a URL."""

    def __init__(self, url: str = DEFAULT_URL, *, timeout_s: float = 900.0):
        timeout = httpx.Timeout(timeout_s, connect=5.0)
        self._http = httpx.Client(base_url=url, timeout=timeout)

    def refine(self, request: Mapping[str, Any]) -> Json:
        """Refine and wait; over an event stream, so that a long wait is not taken for a dead connection."""
        for event in self.refine_events(request):
            if event.event == "refinement.completed":
                return event.data
        raise UnreachableError("the stream ended before the refinement did")

    def refine_events(self, request: Mapping[str, Any]) -> Generator[ServerEvent, None, None]:
        """Refine and yield what happens; leaving the loop cancels the refinement."""
        body = {**request, "stream": True}
        timeout = httpx.Timeout(SILENCE_S, connect=5.0)
        with (
            _translated(),
            self._http.stream("POST", "/refine", json=body, timeout=timeout) as response,
        ):
            if response.status_code != 200:
                response.read()
            _check(response)
            parser = _EventParser()
            for line in response.iter_lines():
                if event := parser.feed(line):
                    yield _checked(event)

    def judge(self, request: Mapping[str, Any]) -> Json:
        return self._post("/judge", request)

    def critique(self, request: Mapping[str, Any]) -> Json:
        return self._post("/critique", request)

    def models(self) -> Json:
        return self._get("/v1/models")

    def health(self) -> Json:
        return self._get("/health")

    def ready(self) -> Json:
        """Return the state of each part, ready or not."""
        with _translated():
            return _json(self._http.get("/ready", timeout=10.0))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _post(self, path: str, body: Mapping[str, Any]) -> Json:
        with _translated():
            return _check(self._http.post(path, json=dict(body)))

    def _get(self, path: str) -> Json:
        with _translated():
            return _check(self._http.get(path))


class AsyncClient:
    """The gateway at a URL, for asyncio."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        timeout_s: float = 900.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ):
        timeout = httpx.Timeout(timeout_s, connect=5.0)
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout, transport=transport)

    async def refine(self, request: Mapping[str, Any]) -> Json:
        """Refine and wait."""
        async for event in self.refine_events(request):
            if event.event == "refinement.completed":
                return event.data
        raise UnreachableError("the stream ended before the refinement did")

    async def refine_events(self, request: Mapping[str, Any]) -> AsyncGenerator[ServerEvent, None]:
        """Refine and yield what happens; closing the generator cancels the refinement."""
        body = {**request, "stream": True}
        timeout = httpx.Timeout(SILENCE_S, connect=5.0)
        with _translated():
            async with self._http.stream("POST", "/refine", json=body, timeout=timeout) as response:
                if response.status_code != 200:
                    await response.aread()
                _check(response)
                parser = _EventParser()
                async for line in response.aiter_lines():
                    if event := parser.feed(line):
                        yield _checked(event)

    async def judge(self, request: Mapping[str, Any]) -> Json:
        return await self._post("/judge", request)

    async def critique(self, request: Mapping[str, Any]) -> Json:
        return await self._post("/critique", request)

    async def models(self) -> Json:
        with _translated():
            return _check(await self._http.get("/v1/models"))

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _post(self, path: str, body: Mapping[str, Any]) -> Json:
        with _translated():
            return _check(await self._http.post(path, json=dict(body)))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise UnreachableError(f"{type(error).__name__}: {error}") from error


def _check(response: httpx.Response) -> Json:
    """Return a good answer's JSON (nothing for a stream); raise for a problem."""
    if response.status_code == 200:
        return {} if not response.is_stream_consumed else _json(response)
    raise ProblemError(_json(response), response.status_code)


def _checked(event: ServerEvent) -> ServerEvent:
    if event.event == "refinement.failed":
        raise ProblemError(event.data["problem"], 500)
    return event


def _json(response: httpx.Response) -> Json:
    try:
        value = response.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UnreachableError(
            f"{response.url} answers with status {response.status_code}, but not as a gateway"
        )
    return value
