"""What a client is told while it waits. Clients give up on a silent call, some after twenty seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.types import Message, Receive

Report = Callable[[float, float | None, str | None], Awaitable[None]]
"""Sends a progress notification: how far, of how much, and a sentence."""


class Progress:
    """Counts what it says: progress must grow, and nobody knows beforehand how many rounds there will be."""

    def __init__(self, report: Report, silence_s: float):
        self._report = report
        self._silence_s = silence_s
        self._said = 0
        self._last = "at work"
        self._started = self._said_at = time.monotonic()

    async def say(self, message: str) -> None:
        """Tell what happened."""
        self._last = message
        await self._send(message)

    def until(self, cancelled: asyncio.Event) -> Receive:
        """Build a `receive` that hears of the client leaving when the call is cancelled.

        Once nothing was said for `silence_s` it repeats the last message.
        """

        async def receive() -> Message:
            while not cancelled.is_set():
                left_s = self._said_at + self._silence_s - time.monotonic()
                if left_s <= 0:
                    await self._send(f"{self._last} (after {time.monotonic() - self._started:.0f} s)")
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(left_s):
                        await cancelled.wait()
            return {"type": "http.disconnect"}

        return receive

    async def _send(self, message: str) -> None:
        self._said += 1
        self._said_at = time.monotonic()
        await self._report(self._said, None, message)
