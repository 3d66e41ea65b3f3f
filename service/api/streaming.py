"""Server-sent events with back-pressure, whose silence is filled, that stop when the client leaves."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.api.disconnect import unless_disconnected

WAITING_FRAMES = 64
"""Frames written ahead of a slow client before the work itself must wait."""

T = TypeVar("T")


class Sendable(Protocol):
    """What goes over the wire as one piece."""

    def encode(self, sequence: int) -> bytes:
        """Write it; `sequence` counts from 1."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event: its name and its JSON."""

    event: str
    data: Mapping[str, object]

    def encode(self, sequence: int) -> bytes:
        """Write the frame. ASCII JSON has no line ends of any kind, which framing relies on."""
        data = json.dumps(self.data, separators=(",", ":"))
        return f"id: {sequence}\nevent: {self.event}\ndata: {data}\n\n".encode()


HEARTBEAT = Frame("heartbeat", {})


class EventStream(Response):
    """Sends frames as they come. An error before the first frame is an ordinary error response."""

    media_type = "text/event-stream"
    charset = "utf-8"

    def __init__(
        self,
        frames: AsyncGenerator[Sendable, None],
        *,
        heartbeat_s: float,
        limit_s: float,
        heartbeat: Sendable = HEARTBEAT,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})})
        del self.headers["content-length"]
        self._frames = frames
        self._heartbeat = heartbeat
        self._heartbeat_s = heartbeat_s
        self._limit_s = limit_s
        self._sequence = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def write(frame: Sendable) -> None:
            if not self._sequence:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            self._sequence += 1
            body = frame.encode(self._sequence)
            await send({"type": "http.response.body", "body": body, "more_body": True})

        pumping = pump(self._frames, write, silence=self._heartbeat, silence_s=self._heartbeat_s)
        # A client that stays and does not read would hold its place for ever.
        async with asyncio.timeout(self._limit_s):
            await unless_disconnected(receive, pumping)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def pump(
    items: AsyncGenerator[T, None], write: Callable[[T], Awaitable[None]], *, silence: T, silence_s: float
) -> None:
    """Pass items on through a bounded queue; once the first has come, write `silence` into every pause."""
    queue: asyncio.Queue[T | None] = asyncio.Queue(WAITING_FRAMES)
    async with asyncio.TaskGroup() as group:
        group.create_task(_produce(items, queue))
        item = await queue.get()
        while item is not None:
            await write(item)
            item = await _next(queue, silence, silence_s)


async def _produce(items: AsyncGenerator[T, None], queue: asyncio.Queue[T | None]) -> None:
    # Closed by the task that iterates it: task groups inside it insist on that.
    async with aclosing(items):
        async for item in items:
            await queue.put(item)
    await queue.put(None)


async def _next(queue: asyncio.Queue[T | None], silence: T, silence_s: float) -> T | None:
    try:
        async with asyncio.timeout(silence_s):
            return await queue.get()
    except TimeoutError:
        return silence
