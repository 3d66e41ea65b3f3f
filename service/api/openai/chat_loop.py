"""The refinement loop as a chat model: thoughts are its progress, content is the final program."""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from service.api.openai.body import OpenAIBody
from service.api.openai.chat_answer import ChatAnswer
from service.api.openai.chat_request import TOOLS, LoopChatRequest
from service.api.openai.conversation import draft_of, problem_of, turns_of
from service.api.openai.destination import Loop
from service.api.openai.loop_answer import LoopAnswer
from service.api.openai.loop_door import through_the_loop
from service.api.openai.loop_request import LoopRequest
from service.api.openai.wire import error_event
from service.api.streaming import Sendable
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
    return await through_the_loop(refining, _ChatScript(answer), request, stream=asked.stream)


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
        stream=asked.stream,
        names={**_NAMES, "max_tokens": longest},
    )


@dataclass(frozen=True, slots=True)
class _ChatScript:
    answer: ChatAnswer

    def whole(self, thoughts: str, answer: LoopAnswer) -> dict[str, object]:
        message = {"content": answer.content, "reasoning_content": thoughts}
        return self.answer.whole(message, "stop", answer.usage.chat(), refine=answer.refine)

    def begin(self) -> Iterator[Sendable]:
        yield self.answer.opening()

    def think(self, text: str) -> Iterator[Sendable]:
        yield self.answer.chunk({"reasoning_content": text})

    def end(self, answer: LoopAnswer) -> Iterator[Sendable]:
        yield self.answer.chunk({"content": answer.content})
        yield from self.answer.ending("stop", answer.usage.chat(), refine=answer.refine)

    def fail(self, error: Exception) -> Iterator[Sendable]:
        yield error_event(error)
