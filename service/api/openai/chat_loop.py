"""The refinement loop as a chat model: thoughts are its progress, content is the final program."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.api.disconnect import unless_disconnected
from service.api.openai.body import OpenAIBody
from service.api.openai.chat_answer import ChatAnswer
from service.api.openai.chat_request import TOOLS, LoopChatRequest
from service.api.openai.conversation import draft_of, problem_of, turns_of
from service.api.openai.destination import Loop
from service.api.openai.loop_answer import LoopAnswer, id_header, told
from service.api.openai.loop_request import LoopRequest
from service.api.openai.wire import KEEPALIVE, error_event
from service.api.refining import Refining
from service.api.streaming import EventStream, Sendable
from service.domain.errors import DeadlineError
from service.services import RefineWhen, Services

_NAMES = {"problem": "messages", "solution": "messages", "generator": "model", "metadata": "metadata"}


async def chat_with_loop(body: OpenAIBody, loop: Loop, request: Request, services: Services) -> Response:
    """Refine what the conversation asks for."""
    always = services.bounds.refine_when is RefineWhen.ALWAYS
    asked = LoopChatRequest.of(body, ignored=TOOLS if always else frozenset())
    refining = _loop_request(asked, loop).start(services)
    answer = ChatAnswer(
        id=f"chatcmpl-{refining.id.removeprefix('rf_')}",
        model=body.model,
        created=refining.created,
        include_usage=asked.stream_options.include_usage,
    )
    chat = _LoopChat(refining, answer)
    if asked.stream:
        return EventStream(
            chat.chunks(),
            heartbeat=KEEPALIVE,
            heartbeat_s=services.bounds.heartbeat_s,
            limit_s=refining.limit_s,
            headers=id_header(refining),
        )
    return await unless_disconnected(request.receive, chat.whole())


def _loop_request(asked: LoopChatRequest, loop: Loop) -> LoopRequest:
    turns = turns_of(asked.messages)
    longest = "max_tokens" if asked.max_completion_tokens is None else "max_completion_tokens"
    return LoopRequest(
        problem=problem_of(turns),
        draft=draft_of(turns),
        generator=loop.generator,
        sampling=asked.sampling,
        metadata=asked.metadata,
        options=asked.refine,
        names={**_NAMES, "max_tokens": longest},
    )


@dataclass(frozen=True, slots=True)
class _LoopChat:
    refining: Refining
    answer: ChatAnswer

    async def whole(self) -> Response:
        """Answer at the end."""
        thoughts: list[str] = []
        try:
            async with asyncio.timeout(self.refining.limit_s), aclosing(told(self.refining)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, LoopAnswer):
                        return self._response(piece, "".join(thoughts))
                    thoughts.append(piece)
        except TimeoutError:
            raise DeadlineError("the refinement did not end in time") from None
        raise AssertionError("a refinement that does not fail ends with its answer")

    async def chunks(self) -> AsyncGenerator[Sendable, None]:
        """Answer as it goes: no program before the last one, as content cannot be taken back."""
        begun = False
        try:
            async with aclosing(told(self.refining)) as pieces:
                async for piece in pieces:
                    for chunk in self._chunks_of(piece, begun=begun):
                        yield chunk
                    begun = True
        except Exception as error:
            if not begun:
                raise
            yield error_event(error)

    def _chunks_of(self, piece: str | LoopAnswer, *, begun: bool) -> Iterator[Sendable]:
        if not begun:
            yield self.answer.opening()
        if isinstance(piece, LoopAnswer):
            yield self.answer.chunk({"content": piece.content})
            yield from self.answer.ending("stop", piece.usage.chat(), refine=piece.refine)
        elif piece:
            yield self.answer.chunk({"reasoning_content": piece})

    def _response(self, told: LoopAnswer, thoughts: str) -> Response:
        message = {"content": told.content, "reasoning_content": thoughts}
        whole = self.answer.whole(message, "stop", told.usage.chat(), refine=told.refine)
        return JSONResponse(whole, headers=told.headers)
