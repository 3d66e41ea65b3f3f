"""What an answer cost: the visible exchange, and beside it all that the loop spent.

Clients fill their context by `usage`; the sum over all calls of the loop would make them cut it too early.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from service.domain.chat import TokenUsage
from service.domain.refinement import Refinement

_CHARS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Visible:
    """The problem as its generator read it, and the program as it wrote it."""

    tokens: TokenUsage
    total: Mapping[str, int]

    @classmethod
    def of(cls, refinement: Refinement, problem: str) -> Self:
        """Take what was measured; what was not, as for a draft that was given, is estimated by length."""
        selected = refinement.selected
        chain = [a_round.writing for a_round in refinement.rounds if a_round.chain == selected.chain]
        first = next((writing for writing in chain if writing.prompt_tokens), TokenUsage())
        tokens = TokenUsage(
            first.prompt_tokens or _estimate(problem),
            first.cached_tokens,
            selected.writing.completion_tokens or _estimate(selected.candidate.code),
        )
        return cls(tokens, _total(refinement))

    @property
    def all_tokens(self) -> int:
        """Tokens of every call."""
        return self.total["total_tokens"]

    def chat(self) -> dict[str, object]:
        """Write it as chat completions do, and that the thoughts are no part of it: LiteLLM would guess."""
        thoughts = {"completion_tokens_details": {"reasoning_tokens": 0}}
        return {**chat_usage(self.tokens), **thoughts, "refine_total": self.total}

    def response(self) -> dict[str, object]:
        """Write it as responses do."""
        return {
            "input_tokens": self.tokens.prompt_tokens,
            "input_tokens_details": {"cached_tokens": self.tokens.cached_tokens, "cache_write_tokens": 0},
            "output_tokens": self.tokens.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self.tokens.prompt_tokens + self.tokens.completion_tokens,
            "refine_total": self.total,
        }


def chat_usage(tokens: TokenUsage) -> dict[str, object]:
    """Write tokens as chat completions do."""
    return {
        "prompt_tokens": tokens.prompt_tokens,
        "completion_tokens": tokens.completion_tokens,
        "total_tokens": tokens.prompt_tokens + tokens.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": tokens.cached_tokens},
    }


def _total(refinement: Refinement) -> dict[str, int]:
    usage, tokens = refinement.usage, refinement.usage.tokens
    return {
        "prompt_tokens": tokens.prompt_tokens,
        "cached_tokens": tokens.cached_tokens,
        "completion_tokens": tokens.completion_tokens,
        "total_tokens": tokens.prompt_tokens + tokens.completion_tokens,
        "generator_calls": usage.generator_calls,
        "critic_calls": usage.critic_calls,
        "sandbox_runs": usage.sandbox_runs,
    }


def _estimate(text: str) -> int:
    return max(1, len(text) // _CHARS_A_TOKEN)
