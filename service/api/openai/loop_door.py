"""The loop behind a door of OpenAI's, whichever dialect the door speaks."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.api.drain import drain_of, while_wanted
from service.api.openai.loop_answer import LoopAnswer
from service.api.openai.progress import Progress
from service.api.openai.wire import KEEPALIVE
from service.api.refining import Refining
from service.api.streaming import EventStream, Interruption, Sendable
from service.domain.errors import DeadlineError
from service.domain.events import RefinementCompleted
from service.gate import stopping


class Script(Protocol):
    """How a dialect words an answer: whole, or line by line."""

    def whole(self, thoughts: str, answer: LoopAnswer) -> dict[str, object]:
        """Say everything at once."""

    def begin(self) -> Iterator[Sendable]:
        """Open the stream, before there is anything to say."""

    def think(self, text: str) -> Iterator[Sendable]:
        """Pass on progress."""

    def end(self, answer: LoopAnswer) -> Iterator[Sendable]:
        """Say the program, once, and close."""

    def fail(self, error: Exception) -> Iterator[Sendable]:
        """Close with an error; the status has been sent."""


async def through_the_loop(refining: Refining, script: Script, request: Request, *, stream: bool) -> Response:
    """Run a refinement and tell it by the script."""
    if stream:
        drain = await drain_of(request)
        return EventStream(
            _lines(refining, script),
            interruption=Interruption(drain.over, partial(_cut, script)),
            heartbeat=KEEPALIVE,
            heartbeat_s=refining.services.bounds.heartbeat_s,
            limit_s=refining.limit_s,
            headers={"x-refine-id": refining.id},
        )
    return await while_wanted(request, _whole(refining, script))


async def _cut(script: Script, sent: int) -> Sendable:
    """Say that the process stops: the client may ask again, and reaches another one."""
    return next(script.fail(stopping()))


async def _whole(refining: Refining, script: Script) -> Response:
    thoughts: list[str] = []
    try:
        async with asyncio.timeout(refining.limit_s), aclosing(_told(refining)) as pieces:
            async for piece in pieces:
                if isinstance(piece, LoopAnswer):
                    return JSONResponse(script.whole("".join(thoughts), piece), headers=piece.headers)
                thoughts.append(piece)
    except TimeoutError:
        raise DeadlineError("the refinement did not end in time") from None
    raise AssertionError("a refinement that does not fail ends with its answer")


async def _lines(refining: Refining, script: Script) -> AsyncGenerator[Sendable, None]:
    """Answer as it goes: no program before the last one, as content cannot be taken back."""
    begun = False
    try:
        async with aclosing(_told(refining)) as pieces:
            async for piece in pieces:
                for line in () if begun else script.begin():
                    yield line
                begun = True
                for line in script.end(piece) if isinstance(piece, LoopAnswer) else script.think(piece):
                    yield line
    except Exception as error:
        if not begun:
            raise
        for line in script.fail(error):
            yield line


async def _told(refining: Refining) -> AsyncGenerator[str | LoopAnswer, None]:
    """Run: yield what there is to say, and last the answer."""
    request = refining.request
    progress = Progress(request.candidates, request.solution is not None)
    async with aclosing(refining.happenings()) as events:
        async for event in events:
            if isinstance(event, RefinementCompleted):
                yield LoopAnswer.of(refining, event.refinement)
            elif text := progress.tell(event):
                yield text
