"""Server-sent events with back-pressure, whose silence is filled, that stop when the client leaves."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.api.disconnect import unless_disconnected
from service.domain.errors import DeadlineError

WAITING_FRAMES = 64
"""Frames written ahead of a slow client before the work itself must wait."""
FAREWELL_S = 5.0
"""How long a client may take to accept the last words of a stream whose time is up."""

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
    last_words: Callable[[int], Awaitable[Sendable]]


class EventStream(Response):
    """Sends frames as they come. An error before the first frame is an ordinary error response.

    Frames of a log (all after the number `after`) have numbers of their own; the first may be long in coming,
    so the response begins before it, and a heartbeat repeats the number of the last frame.
    """

    media_type = "text/event-stream"
    charset = "utf-8"

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        frames: AsyncGenerator[Sendable, None],
        *,
        heartbeat_s: float,
        limit_s: float,
        heartbeat: Sendable = HEARTBEAT,
        interruption: Interruption | None = None,
        late: Callable[[Exception], Sendable] | None = None,
        after: int | None = None,
        ended: Callable[[], None] = lambda: None,
        headers: Mapping[str, str] | None = None,
    ):
        """`late` words the end of a stream that did not end within `limit_s`."""
        super().__init__(headers={"X-Accel-Buffering": "no", **(headers or {})})
        del self.headers["content-length"]
        self._items: AsyncGenerator[Sendable | Interruption, None] = frames
        self._heartbeat = heartbeat
        self._heartbeat_s = heartbeat_s
        self._limit_s = limit_s
        self._interruption, self._late = interruption, late
        self._ended = ended
        self._follows_a_log = after is not None
        self._sequence = after or 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._stream(receive, send)
        finally:
            self._ended()

    async def _stream(self, receive: Receive, send: Send) -> None:
        begun = False

        async def begin() -> None:
            nonlocal begun
            begun = True
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

        async def write(item: Sendable | Interruption) -> None:
            if not begun:
                await begin()
            frame = await item.last_words(self._sequence) if isinstance(item, Interruption) else item
            body = frame.encode(self._number(frame))
            await send({"type": "http.response.body", "body": body, "more_body": True})

        if self._follows_a_log:
            await begin()
        pumping = pump(
            self._items,
            write,
            silence=self._heartbeat,
            silence_s=self._heartbeat_s,
            patient=not self._follows_a_log,
            over=None if self._interruption is None else self._interruption.over,
            last=self._interruption,
        )
        try:
            async with in_time(self._limit_s):
                await unless_disconnected(receive, pumping)
        except DeadlineError as error:
            if not begun:
                raise
            if self._late is None:  # its items end in time by themselves: it is the client that does not read
                raise TimeoutError from error
            await say_farewell(send, self._late(error).encode(self._sequence + 1))
        else:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _number(self, frame: Sendable) -> int:
        own = frame.sequence if isinstance(frame, Frame) else None
        if own is not None:
            self._sequence = own
        elif not self._follows_a_log:
            self._sequence += 1
        return self._sequence


@asynccontextmanager
async def in_time(seconds: float) -> AsyncGenerator[None, None]:
    """Bound an answer: a client that stays and does not read would hold its place for ever.

    Raises `DeadlineError`.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise DeadlineError("the answer did not end in time") from None


async def say_farewell(send: Send, words: bytes) -> None:
    """End a stream before its time, if its client still reads."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL_S):
            await send({"type": "http.response.body", "body": words, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def pump(  # noqa: PLR0913 - each by its name
    items: AsyncGenerator[T, None],
    write: Callable[[T], Awaitable[None]],
    *,
    silence: T,
    silence_s: float,
    patient: bool = True,
    over: asyncio.Event | None = None,
    last: T | None = None,
) -> None:
    """Pass items on through a bounded queue, and write `silence` into every pause.

    `patient` is to wait for the first item in silence. When it is `over`, `last` is the last item.
    """
    queue: asyncio.Queue[T | None] = asyncio.Queue(WAITING_FRAMES)
    async with asyncio.TaskGroup() as group:
        producing = group.create_task(_produce(items, queue))
        cutting = None if over is None else group.create_task(_cut(over, producing, queue, last))
        item = await queue.get() if patient else await _next(queue, silence, silence_s)
        while item is not None:
            await write(item)
            item = await _next(queue, silence, silence_s)
        if cutting is not None:
            cutting.cancel()


async def _cut(
    over: asyncio.Event, producing: asyncio.Task[None], queue: asyncio.Queue[T | None], last: T | None
) -> None:
    await over.wait()
    producing.cancel()
    await queue.put(last)
    await queue.put(None)


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
