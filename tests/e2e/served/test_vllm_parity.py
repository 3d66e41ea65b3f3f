"""The shipped models on a real vLLM and in the embedded engine: the same tokens, texts and probabilities."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.adapters.embedded import EmbeddedModel
from service.adapters.embedded.text import load_text
from service.adapters.openai import OpenAIModel
from service.domain.chat import ChatModel, Completion, Message, Sampling
from tests.prefix_reuse import embedded, refined
from tests.vllm_server import NEEDS_VLLM, VllmServer

pytestmark = NEEDS_VLLM

SHIPPED = Path("weights/mini")
PROMPTS = 50
GREEDY = Sampling(temperature=0.0, max_tokens=256, logprobs=5)
ROLES = pytest.mark.parametrize("role", ["generator", "critic"])


@pytest.fixture(scope="module")
def asked() -> dict[str, list[tuple[Message, ...]]]:
    """What refinements of the demo's problems ask each model, every prompt once."""
    prompts: dict[str, dict[tuple[Message, ...], None]] = {"generator": {}, "critic": {}}
    for line in SHIPPED.joinpath("demo.jsonl").read_text(encoding="utf-8").splitlines():
        for role, exchanges in asyncio.run(refined(embedded(SHIPPED), json.loads(line))).items():
            prompts[role].update(dict.fromkeys(tuple(exchange.messages) for exchange in exchanges))
        if min(map(len, prompts.values())) >= PROMPTS:
            return {role: list(found)[:PROMPTS] for role, found in prompts.items()}
    pytest.fail(f"the demo's problems ask for fewer than {PROMPTS} different things")


async def written(model: ChatModel, prompts: Sequence[Sequence[Message]]) -> list[Completion]:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(model.complete(prompt, GREEDY)) for prompt in prompts]
    return [call.result()[0] for call in calls]


@ROLES
def test_vllm_reads_a_prompt_as_the_tokens_that_training_used(
    role: str, servers: dict[str, VllmServer], asked: dict[str, list[tuple[Message, ...]]]
) -> None:
    text = load_text(SHIPPED / role)
    for messages in asked[role]:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        answer = servers[role].post("/tokenize", {"model": role, "messages": turns})
        assert answer.json()["tokens"] == text.prompt(messages, 1024)


@ROLES
async def test_vllm_and_the_embedded_engine_write_the_same(
    role: str, servers: dict[str, VllmServer], asked: dict[str, list[tuple[Message, ...]]]
) -> None:
    async with EmbeddedModel.load("embedded", SHIPPED / role) as model:
        here = await written(model, asked[role])
    async with OpenAIModel("vllm", f"{servers[role].url}/v1", role) as model:
        there = await written(model, asked[role])

    pairs = list(zip(here, there, strict=True))
    assert len(pairs) == PROMPTS
    assert [one.text for one, _ in pairs] == [other.text for _, other in pairs]
    assert max(gap for pair in pairs for gap in _gaps(*pair)) < 1e-3


def _gaps(one: Completion, other: Completion) -> list[float]:
    """Return by how much the logprob of each token differs; one engine tells that of the end too."""
    assert one.logprobs
    assert other.logprobs
    assert abs(len(one.logprobs) - len(other.logprobs)) <= 1
    pairs = zip(one.logprobs, other.logprobs, strict=False)
    return [abs(mine.logprob - theirs.logprob) for mine, theirs in pairs]
