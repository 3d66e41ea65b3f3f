"""A model of this process as a chat model: no tools, plain text."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.api.drain import drain_of, while_wanted
from service.api.openai.body import OpenAIBody, invalid
from service.api.openai.chat_answer import ChatAnswer
from service.api.openai.chat_request import PlainChatRequest
from service.api.openai.conversation import plain_messages, turns_of, uses_tools
from service.api.openai.usage import chat_usage
from service.api.openai.wire import KEEPALIVE, error_event
from service.api.refine_request import SamplingIn
from service.api.streaming import EventStream, Interruption, Sendable
from service.domain.chat import ChatModel, Completion, Message, Sampling
from service.domain.errors import DeadlineError, RequestError
from service.gate import stopping
from service.services import Services


async def chat_with_model(
    body: OpenAIBody, model: ChatModel, request: Request, services: Services
) -> Response:
    """Continue the conversation."""
    if body.has_tools or uses_tools(body.fields.get("messages")):
        raise RequestError(
            "tools",
            f"model {model.name!r} runs in this process and has no tools: leave them out, or name another",
        )
    asked = PlainChatRequest.of(body)
    answer = ChatAnswer(
        id=f"chatcmpl-{secrets.token_hex(16)}",
        model=body.model,
        created=int(time.time()),
        include_usage=asked.stream_options.include_usage,
    )
    chat = _PlainChat(model, plain_messages(turns_of(asked.messages)), _sampling(asked), answer, services)
    if asked.stream:
        bounds, drain = services.bounds, await drain_of(request)
        return EventStream(
            chat.chunks(),
            heartbeat=KEEPALIVE,
            heartbeat_s=bounds.heartbeat_s,
            limit_s=bounds.request_seconds,
            interruption=Interruption(drain.over, _cut),
            late=error_event,
        )
    return await while_wanted(request, chat.whole())


async def _cut(sent: int) -> Sendable:
    return error_event(stopping())


def _sampling(asked: PlainChatRequest) -> Sampling:
    fields: dict[str, JsonValue] = asked.sampling
    try:
        sampling = SamplingIn.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from None
    stop = [asked.stop] if isinstance(asked.stop, str) else asked.stop or []
    return sampling.over(Sampling(stop=tuple(stop)))


@dataclass(frozen=True, slots=True)
class _PlainChat:
    model: ChatModel
    messages: list[Message]
    sampling: Sampling
    answer: ChatAnswer
    services: Services

    async def whole(self) -> Response:
        with self.services.gate.admit():
            try:
                async with asyncio.timeout(self.services.bounds.request_seconds):
                    (completion,) = await self.model.complete(self.messages, self.sampling)
            except TimeoutError:
                raise DeadlineError("the model did not answer in time") from None
        usage = chat_usage(completion.usage)
        return JSONResponse(self.answer.whole({"content": completion.text}, completion.finish_reason, usage))

    async def chunks(self) -> AsyncGenerator[Sendable, None]:
        """What is wrong with the request shows before the first piece, while there is a status to send."""
        begun = False
        try:
            with self.services.gate.admit():
                async with aclosing(self.model.stream(self.messages, self.sampling)) as pieces:
                    async for piece in pieces:
                        if not begun:
                            yield self.answer.opening()
                            begun = True
                        if isinstance(piece, Completion):
                            for chunk in self.answer.ending(piece.finish_reason, chat_usage(piece.usage)):
                                yield chunk
                        else:
                            yield self.answer.chunk({"content": piece})
        except Exception as error:
            if not begun:
                raise
            yield error_event(error)
