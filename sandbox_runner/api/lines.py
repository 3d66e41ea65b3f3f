"""An answer of lines, each sent as soon as it is known and held no longer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox_runner.api.answers import to_json
from sandbox_runner.api.disconnect import ClientGoneError, unless_client_leaves
from sandbox_runner.api.problems import occurrence_of
from sandbox_runner.api.reading import NDJSON
from sandbox_runner.api.services import services_of
from sandbox_runner.domain.verdict import Outcome, TestResult

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", NDJSON.encode()), (b"cache-control", b"no-store")],
}


class LineWriter:
    def __init__(self, send: Send, client_s: float) -> None:
        self._send = send
        self._client_s = client_s
        self._turn = asyncio.Lock()
        self.started = False

    async def write(self, line: Mapping[str, object]) -> None:
        """Send one line; a client that does not take it in time is gone."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._client_s):
                    if not self.started:
                        self.started = True
                        await self._send(_START)
                    body = to_json(line) + b"\n"
                    await self._send({"type": "http.response.body", "body": body, "more_body": True})
            except TimeoutError:
                raise ClientGoneError from None

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class LineResponse(Response):
    """Runs `produce` with a writer. What fails before the first line still has a status of its own."""

    def __init__(self, produce: Callable[[LineWriter], Awaitable[None]], client_s: float) -> None:
        super().__init__()
        self._produce = produce
        self._client_s = client_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writer = LineWriter(send, self._client_s)
        try:
            await unless_client_leaves(receive, self._written(writer, scope["path"]))
        except ClientGoneError:
            if not writer.started:
                raise
            # An answer that does not end makes the server close the connection.
            services_of(Request(scope)).sandbox.metrics.test_finished(TestResult(Outcome.CANCELLED), "python")
            return
        await writer.end()

    async def _written(self, writer: LineWriter, path: str) -> None:
        try:
            await self._produce(writer)
        except ClientGoneError:
            raise
        except Exception as error:
            if not writer.started:
                raise
            await writer.write({"error": occurrence_of(error).body(path)})
