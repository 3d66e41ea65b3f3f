"""Wire form of a request for a response, where the loop answers it."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from service.api.openai.body import OpenAIBody, invalid, known_fields
from service.api.openai.conversation import Turn, turns_of
from service.api.routing import ReadJson
from service.domain.errors import RequestError

_PLAIN_TEXT: tuple[JsonValue, ...] = (
    {"format": {"type": "text"}},
    {},
    {"verbosity": "medium"},
    {"format": {"type": "text"}, "verbosity": "medium"},
)

NEUTRAL: Mapping[str, tuple[JsonValue, ...]] = {
    "background": (False,),
    "include": ([], ["reasoning.encrypted_content"]),
    "reasoning": ({}, {"summary": "auto"}, {"summary": "concise"}, {"summary": "detailed"}),
    "text": _PLAIN_TEXT,
    "tool_choice": ("none", "auto"),
    "tools": ([],),
    "top_logprobs": (0,),
    "truncation": ("disabled", "auto"),
}
"""Values that ask for what happens anyway."""

MEANINGLESS = frozenset(
    {
        "model",
        "user",
        "store",
        "stream_options",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "parallel_tool_calls",
        "client_metadata",
    }
)
"""Fields that do not change an answer."""

TOOLS = frozenset({"tools", "tool_choice"})


class ResponsesRequest(BaseModel):
    """A task in the newer dialect. `instructions`, like a system prompt, are no part of the problem."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    input: ReadJson = None
    instructions: str | None = None
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    metadata: JsonValue = None
    refine: dict[str, JsonValue] = {}

    @classmethod
    def of(cls, body: OpenAIBody, ignored: frozenset[str] = frozenset()) -> Self:
        """Read a body. What would be ignored is refused by name."""
        if "input" not in body.fields and "messages" in body.fields:
            raise RequestError(
                "messages", "this route takes input; a body with messages is for POST /v1/chat/completions"
            )
        fields = known_fields(body, cls, neutral=NEUTRAL, meaningless=MEANINGLESS | ignored)
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise invalid(error) from None

    @property
    def turns(self) -> list[Turn]:
        """The messages among the items; a plain text is one of the user."""
        if isinstance(self.input, str):
            return [{"role": "user", "content": self.input}]
        items = turns_of(self.input, "input")
        return [_turn(item, f"input.{number}") for number, item in enumerate(items)]

    @property
    def sampling(self) -> dict[str, JsonValue]:
        """How to decode, in this service's words."""
        return {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_output_tokens}


def _turn(item: Turn, where: str) -> Turn:
    """Read a message; other items say nothing to the loop, but for one that may stand for a message."""
    if item.get("type") == "item_reference":
        raise RequestError(
            where,
            f"{where}: nothing is stored here, so send the item itself, not its id: "
            "clients do with store: false",
        )
    return item if (item.get("type") or "message") == "message" else {}
