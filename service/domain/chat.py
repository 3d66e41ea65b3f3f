"""The one thing asked of a language model: continue a conversation."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length"]

SEEDS = 2**63
"""Endpoints keep a seed in 64 bits with a sign, and refuse what is longer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to decode. None leaves the choice to the model's own default."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    """How many alternatives to return at every token; None returns no logprobs."""
    room: int | None = None
    """Tokens that a budget leaves beyond `max_tokens`, where a completion needs more; None is no budget."""

    def apart(self, number: int) -> "Sampling":
        """Give it a seed of its own: one seed would draw one completion many times."""
        return self if self.seed is None else replace(self, seed=(self.seed + number) % SEEDS)


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A sampled token's text, its log-probability (nats), and its likeliest alternatives."""

    text: str
    logprob: float
    top: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one call or of many; adds up."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        return TokenUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, and why it stopped."""

    text: str
    finish_reason: FinishReason
    usage: TokenUsage
    logprobs: Sequence[TokenLogprob] | None = None


class ChatModel(Protocol):
    """A chat endpoint. Failures are `ModelError`; cancelling an await cancels the work upstream."""

    @property
    def name(self) -> str:
        """The name this model is configured under."""

    def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        """Yield pieces of text as they are written, and last the whole `Completion`."""

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        """Return `n` completions; with a seed they differ from each other, reproducibly."""
