"""Wire form of a chat request, where this service answers it itself."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from service.api.openai.body import OpenAIBody, invalid, known_fields
from service.api.routing import ReadJson
from service.domain.errors import RequestError

NEUTRAL: Mapping[str, tuple[JsonValue, ...]] = {
    "n": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "stop": ([],),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "verbosity": ("medium",),
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
}
"""Values that ask for what happens anyway: clients send them out of habit."""

MEANINGLESS = frozenset(
    {
        "model",
        "user",
        "store",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "parallel_tool_calls",
    }
)
"""Fields that do not change an answer."""

TOOLS = frozenset({"tools", "functions", "tool_choice", "function_call"})


class StreamOptions(BaseModel):
    """How to stream."""

    model_config = ConfigDict(frozen=True)

    include_usage: bool = False


class ChatRequest(BaseModel):
    """What every chat may ask for."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    messages: ReadJson = None
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    seed: int | None = None

    @classmethod
    def of(cls, body: OpenAIBody, ignored: frozenset[str] = frozenset()) -> Self:
        """Read a body. What would be ignored is refused by name."""
        if "messages" not in body.fields and "input" in body.fields:
            raise RequestError(
                "input", "this route takes messages; a body with input is for POST /v1/responses"
            )
        fields = known_fields(body, cls, neutral=NEUTRAL, meaningless=MEANINGLESS | ignored)
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise invalid(error) from None

    @property
    def sampling(self) -> dict[str, JsonValue]:
        """How to decode, in this service's words."""
        longest = self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens
        return {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": longest,
            "seed": self.seed,
        }


class LoopChatRequest(ChatRequest):
    """A chat with the loop. `refine` sets its options, as in `POST /refine`."""

    metadata: JsonValue = None
    refine: dict[str, JsonValue] = {}


class PlainChatRequest(ChatRequest):
    """A chat with a model of this process."""

    stop: str | list[str] | None = None
