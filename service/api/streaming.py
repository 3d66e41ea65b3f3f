"""Server-sent events with ids, heartbeats and back-pressure, that stop when the client leaves."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
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
    sequence: int | None = None
    """Its number in the log it comes from; None is numbered as it is sent."""

    def encode(self, sequence: int) -> bytes:
        """Write the frame. ASCII JSON has no line ends of any kind, which framing relies on."""
        data = json.dumps(self.data, separators=(",", ":"))
        return f"id: {sequence}\nevent: {self.event}\ndata: {data}\n\n".encode()


HEARTBEAT = Frame("heartbeat", {})


@dataclass(frozen=True, slots=True)
class Interruption:
    """What ends a stream from inside: `over`, and the words said then, given the last number sent."""

    over: asyncio.Event
    last_words: Callable[[int], Awaitable[Frame]]


class EventStream(Response):
    """Sends frames as they come. An error before the first frame is an ordinary error response.

    Frames of a log (all after the number `after`) have numbers of their own; the first may be long in coming,
    so the response begins before it, and a heartbeat repeats the number of the last frame.
    """

    media_type = "text/event-stream"
    charset = "utf-8"

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        frames: AsyncGenerator[Frame, None],
        *,
        heartbeat_s: float,
        limit_s: float,
        interruption: Interruption | None = None,
        after: int | None = None,
        ended: Callable[[], None] = lambda: None,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})})
        del self.headers["content-length"]
        self._frames = frames
        self._heartbeat_s = heartbeat_s
        self._limit_s = limit_s
        self._interruption = interruption
        self._ended = ended
        self._follows_a_log = after is not None
        self._sequence = after or 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._stream(receive, send)
        finally:
            self._ended()

    async def _stream(self, receive: Receive, send: Send) -> None:
        async with aclosing(self._frames) as frames:
            first = None if self._follows_a_log else await anext(frames)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if first is not None:
                await self._send(send, first)
            # A client that stays and does not read would hold its place for ever.
            async with asyncio.timeout(self._limit_s):
                await unless_disconnected(receive, self._pump(send))
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        """Pass frames on through a bounded queue, and fill silence with heartbeats."""
        queue: asyncio.Queue[Frame | Interruption | None] = asyncio.Queue(WAITING_FRAMES)
        async with asyncio.TaskGroup() as group:
            producing = group.create_task(self._produce(queue))
            interrupting = group.create_task(self._interrupt(queue, producing))
            while (frame := await self._next(queue)) is not None:
                if isinstance(frame, Interruption):
                    await self._send(send, await frame.last_words(self._sequence))
                    break
                await self._send(send, frame)
            interrupting.cancel()

    async def _interrupt(
        self, queue: asyncio.Queue[Frame | Interruption | None], producing: asyncio.Task[None]
    ) -> None:
        if self._interruption is None:
            return
        await self._interruption.over.wait()
        producing.cancel()
        await queue.put(self._interruption)

    async def _produce(self, queue: asyncio.Queue[Frame | Interruption | None]) -> None:
        # Closed by the task that iterates it: task groups inside it insist on that.
        async with aclosing(self._frames) as frames:
            async for frame in frames:
                await queue.put(frame)
        await queue.put(None)

    async def _next(self, queue: asyncio.Queue[Frame | Interruption | None]) -> Frame | Interruption | None:
        try:
            async with asyncio.timeout(self._heartbeat_s):
                return await queue.get()
        except TimeoutError:
            return HEARTBEAT

    async def _send(self, send: Send, frame: Frame) -> None:
        if frame.sequence is not None:
            self._sequence = frame.sequence
        elif not self._follows_a_log:
            self._sequence += 1
        body = frame.encode(self._sequence)
        await send({"type": "http.response.body", "body": body, "more_body": True})
