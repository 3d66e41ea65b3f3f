"""A response, whole or as its events, in the order in which OpenAI sends them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from service.api.openai.loop_answer import LoopAnswer
from service.api.openai.responses_request import ResponsesRequest
from service.api.openai.wire import Data, error_of
from service.api.streaming import Sendable

Item = dict[str, object]


@dataclass(slots=True)
class ResponsesScript:
    """Two items: what the loop thought, as a summary of reasoning, and the message with the program."""

    key: str
    model: str
    created: int
    asked: ResponsesRequest
    _thoughts: list[str] = field(default_factory=list)
    _sent: int = 0

    def whole(self, thoughts: str, answer: LoopAnswer) -> dict[str, object]:
        output = [self._reasoning(thoughts), self._message(answer.content)]
        return self._response("completed", output, usage=answer.usage.response(), refine=answer.refine)

    def begin(self) -> Iterator[Sendable]:
        yield self._event("response.created", response=self._response("in_progress", []))
        yield self._event("response.in_progress", response=self._response("in_progress", []))
        thinking = {"type": "reasoning", "id": self._thought_id, "summary": [], "status": "in_progress"}
        yield self._event("response.output_item.added", output_index=0, item=thinking)
        yield self._thought("part.added", part={"type": "summary_text", "text": ""})

    def think(self, text: str) -> Iterator[Sendable]:
        self._thoughts.append(text)
        yield self._thought("text.delta", delta=text)

    def end(self, answer: LoopAnswer) -> Iterator[Sendable]:
        thoughts = "".join(self._thoughts)
        yield self._thought("text.done", text=thoughts)
        yield self._thought("part.done", part={"type": "summary_text", "text": thoughts})
        yield self._event("response.output_item.done", output_index=0, item=self._reasoning(thoughts))
        yield from self._told(answer.content)
        yield self._event("response.completed", response=self.whole(thoughts, answer))

    def fail(self, error: Exception) -> Iterator[Sendable]:
        told = error_of(error)
        code = "server_error" if told["type"] == "server_error" else "invalid_prompt"
        failure = {"code": code, "message": told["message"]}
        yield self._event("response.failed", response=self._response("failed", [], error=failure))

    def _told(self, text: str) -> Iterator[Sendable]:
        """Say the program: nothing of it was written before, so one piece is all of it."""
        empty = self._message("") | {"content": [], "status": "in_progress"}
        yield self._event("response.output_item.added", output_index=1, item=empty)
        yield self._said("content_part.added", part=_text(""))
        yield self._said("output_text.delta", delta=text, logprobs=[])
        yield self._said("output_text.done", text=text, logprobs=[])
        yield self._said("content_part.done", part=_text(text))
        yield self._event("response.output_item.done", output_index=1, item=self._message(text))

    def _thought(self, kind: str, **fields: object) -> Data:
        where = {"item_id": self._thought_id, "output_index": 0, "summary_index": 0}
        return self._event(f"response.reasoning_summary_{kind}", **where, **fields)

    def _said(self, kind: str, **fields: object) -> Data:
        where = {"item_id": self._message_id, "output_index": 1, "content_index": 0}
        return self._event(f"response.{kind}", **where, **fields)

    def _event(self, kind: str, **fields: object) -> Data:
        number, self._sent = self._sent, self._sent + 1
        return Data({"type": kind, "sequence_number": number, **fields}, kind)

    def _response(self, status: str, output: list[Item], **more: object) -> dict[str, object]:
        return {
            "id": f"resp_{self.key}",
            "object": "response",
            "created_at": self.created,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "instructions": self.asked.instructions,
            "max_output_tokens": self.asked.max_output_tokens,
            "model": self.model,
            "output": output,
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "store": False,
            "temperature": self.asked.temperature,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": self.asked.top_p,
            "truncation": "disabled",
            "usage": None,
            "metadata": self.asked.metadata or {},
            **more,
        }

    @property
    def _thought_id(self) -> str:
        return f"rs_{self.key}"

    @property
    def _message_id(self) -> str:
        return f"msg_{self.key}"

    def _reasoning(self, thoughts: str) -> Item:
        summary = [{"type": "summary_text", "text": thoughts}]
        return {"type": "reasoning", "id": self._thought_id, "summary": summary, "status": "completed"}

    def _message(self, text: str) -> Item:
        return {
            "type": "message",
            "id": self._message_id,
            "role": "assistant",
            "status": "completed",
            "content": [_text(text)],
        }


def _text(text: str) -> Mapping[str, object]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
