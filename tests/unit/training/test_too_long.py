import asyncio
from pathlib import Path
from typing import cast

from service.adapters.openai import OpenAIModel
from service.domain.chat import Completion, Message, Sampling, TokenUsage
from service.domain.errors import ContextError
from training.config import EndpointConfig
from training.writing.endpoint import EndpointWriter

ENDPOINT = EndpointConfig(base_url="http://127.0.0.1:9/v1", model="generator")


class ShortModel:
    """A model whose context is a few words."""

    async def complete(self, messages: list[Message], _: Sampling) -> tuple[Completion, ...]:
        if len(messages[0].content.split()) > 3:
            raise ContextError("too long")
        return (Completion("written", "stop", TokenUsage(1, 0, 1)),)


def test_a_prompt_that_is_too_long_stops_no_other_and_is_not_asked_again(tmp_path: Path) -> None:
    journal = tmp_path / "completions.jsonl"
    writer = EndpointWriter(ENDPOINT, journal)
    prompts = [[Message("user", text)] for text in ("short", "far too long for it")]
    model = cast("OpenAIModel", ShortModel())

    for prompt in prompts:
        asyncio.run(writer._ask(model, prompt, Sampling()))  # noqa: SLF001 - without an endpoint
    written = EndpointWriter(ENDPOINT, journal).write(prompts, Sampling(), "drafts")

    assert [(c.text, c.finish_reason) for c in written] == [("written", "stop"), ("", "length")]
