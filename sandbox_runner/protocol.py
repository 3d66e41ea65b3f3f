"""uvicorn's HTTP protocol, but for who never ends a head, and who asks for another protocol in it."""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 30.0
"""How long the head of a request may take, and a new connection to begin one."""
HEAD_BYTES = 64 << 10

_UPGRADE = re.compile(rb"^upgrade(?=[ \t]*:)", re.IGNORECASE | re.MULTILINE)


class BoundedHeadProtocol(HttpToolsProtocol):
    """Hangs up on a head that comes byte by byte, or without end; between requests uvicorn's bound holds."""

    head_s = HEAD_S
    _waiting: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._waiting is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        super().data_received(data if self._waiting is None else _as_it_is(data))
        if self._waiting is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.send_400_response("the head of the request is too long")

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._head_bytes = 0
        self._waiting = self.loop.call_later(self.head_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def _as_it_is(data: bytes) -> bytes:
    """Hide from the parser that a client would rather speak HTTP/2, as Java's own does to every new server.

    The parser takes what follows such a head for the other protocol, and the request loses its body.
    Not covered: a head that arrives cut within the name of this header, or behind another request.
    """
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    if b"upgrade" not in head.lower():
        return data
    return _UPGRADE.sub(b"x-upgrade", head) + data[len(head) :]
