"""What passes between an event loop, which asks, and the worker thread, which writes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from service.domain.chat import Completion
from service.domain.errors import ServiceError


class Ticket:
    """One completion's line between the two; made on the event loop's side.

    Pieces wait in a list until they are read, joined: there are never more than the context has tokens.
    """

    def __init__(self, *, streams: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._outcome: Completion | ServiceError | None = None
        self._news = asyncio.Event()
        self._pieces: list[str] = []
        self._streams = streams
        self.cancelled = False
        """Set by the loop's side when nobody waits any more; the worker looks between tokens."""

    async def completion(self) -> Completion:
        """Wait for the end."""
        while self._outcome is None:
            await self._news.wait()
            self._news.clear()
        if isinstance(self._outcome, ServiceError):
            raise self._outcome
        return self._outcome

    async def more(self) -> str:
        """Wait for more text; none means the end."""
        while not self._pieces and self._outcome is None:
            await self._news.wait()
            self._news.clear()
        text, self._pieces = "".join(self._pieces), []
        return text

    def write(self, piece: str) -> None:
        """From the worker: more text."""
        if self._streams and piece:
            self._tell(lambda: self._pieces.append(piece))

    def settle(self, outcome: Completion | ServiceError) -> None:
        """From the worker: the end, or why there will be none."""
        self._tell(lambda: self._end(outcome))

    def _end(self, outcome: Completion | ServiceError) -> None:
        self._outcome = outcome

    def _tell(self, news: Callable[[], None]) -> None:
        # A loop that was closed with requests in flight has nobody left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._hear, news)

    def _hear(self, news: Callable[[], None]) -> None:
        news()
        self._news.set()
