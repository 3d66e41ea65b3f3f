"""A chat completion, whole or in chunks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.api.openai.wire import DONE, Data
from service.api.streaming import Sendable


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What all pieces of one answer share."""

    id: str
    model: str
    created: int
    include_usage: bool = False

    def whole(
        self, message: Mapping[str, object], finish: str, usage: Mapping[str, object], **more: object
    ) -> dict[str, object]:
        """Write all of it."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "refusal": None, **message},
            "logprobs": None,
            "finish_reason": finish,
        }
        return self._envelope("chat.completion", [choice]) | {"usage": usage, **more}

    def opening(self) -> Data:
        """Say who speaks, before there is anything to say."""
        return self.chunk({"role": "assistant", "content": ""})

    def chunk(self, delta: Mapping[str, object], finish: str | None = None, **more: object) -> Data:
        """Write a piece."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = {"usage": None} if self.include_usage else {}
        return Data(self._envelope("chat.completion.chunk", [choice]) | usage | more)

    def ending(self, finish: str, usage: Mapping[str, object], **more: object) -> Iterator[Sendable]:
        """Say why it ended, what it cost where that was asked for, and that nothing follows."""
        yield self.chunk({}, finish, **more)
        if self.include_usage:
            yield Data(self._envelope("chat.completion.chunk", []) | {"usage": usage})
        yield DONE

    def _envelope(self, kind: str, choices: list[dict[str, object]]) -> dict[str, object]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }
