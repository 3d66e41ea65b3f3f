"""Server-sent events with ids, heartbeats and back-pressure, that stop when the client leaves."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.api.disconnect import unless_disconnected

WAITING_FRAMES = 64
"""Frames written ahead of a slow client before the work itself must wait."""


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

    def __init__(self, frames: AsyncGenerator[Frame, None], *, heartbeat_s: float, limit_s: float):
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._frames = frames
        self._heartbeat_s = heartbeat_s
        self._limit_s = limit_s
        self._sequence = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._frames) as frames:
            first = await anext(frames)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send(send, first)
            # A client that stays and does not read would hold its place for ever.
            async with asyncio.timeout(self._limit_s):
                await unless_disconnected(receive, self._pump(send))
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        """Pass frames on through a bounded queue, and fill silence with heartbeats."""
        queue: asyncio.Queue[Frame | None] = asyncio.Queue(WAITING_FRAMES)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._produce(queue))
            while (frame := await self._next(queue)) is not None:
                await self._send(send, frame)

    async def _produce(self, queue: asyncio.Queue[Frame | None]) -> None:
        # Closed by the task that iterates it: task groups inside it insist on that.
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                await queue.put(frame)
        await queue.put(None)

    async def _next(self, queue: asyncio.Queue[Frame | None]) -> Frame | None:
        try:
            async with asyncio.timeout(self._heartbeat_s):
                return await queue.get()
        except TimeoutError:
            return HEARTBEAT

    async def _send(self, send: Send, frame: Frame) -> None:
        self._sequence += 1
        body = frame.encode(self._sequence)
        await send({"type": "http.response.body", "body": body, "more_body": True})
