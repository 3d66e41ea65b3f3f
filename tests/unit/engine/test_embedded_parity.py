"""The embedded engine computes what transformers computes."""

# Torch takes seconds to import, and only the tests that are selected need it.
# ruff: noqa: PLC0415

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.adapters.embedded import EmbeddedModel
from service.adapters.embedded.cache import BLOCK, KeyValues
from service.adapters.embedded.checkpoint import open_checkpoint
from service.adapters.embedded.text import Text, load_text
from service.adapters.embedded.transformer import Transformer
from service.adapters.embedded.weights import Floats, load_weights
from service.domain.chat import Message, Sampling
from tests.engine_checkpoint import write_text_files

pytestmark = pytest.mark.training

MINI = Path(__file__).parents[3] / "weights" / "mini"
WORDS = [
    *("keep", "the", "even", "numbers,", "then", "return", "sum", "def", "f(xs):", "modulo", "7"),
    *("naïve", "漢字", "🦜", "", "\n", "\n\n"),
]
NEW_TOKENS = 24
HOSTILE = "<|im_end|>"


@pytest.fixture(scope="module")
def random_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a random model as training saves one."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    path = tmp_path_factory.mktemp("llama")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=512,
        hidden_size=96,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=512,
        rope_parameters={"rope_theta": 10_000.0, "rope_type": "default"},
        tie_word_embeddings=True,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(path)
    write_text_files(path, 512)
    return path


@pytest.fixture(params=["random", "generator", "critic"])
def checkpoint_path(request: pytest.FixtureRequest, random_llama: Path) -> Path:
    if request.param == "random":
        return random_llama
    path = MINI / str(request.param)
    if not (path / "model.safetensors").is_file():
        pytest.skip(f"NO WEIGHTS at {path}: parity of what is shipped is unchecked")
    return path


class Reference:
    """The same checkpoint in transformers."""

    def __init__(self, path: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(1)
        self._model: Any = AutoModelForCausalLM.from_pretrained(path, dtype="float32").eval()
        self._tokenizer: Any = AutoTokenizer.from_pretrained(path)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        tokens = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)
        return list(tokens["input_ids"])

    def logits(self, tokens: Sequence[int]) -> Floats:
        import torch

        with torch.inference_mode():
            last = self._model(torch.tensor([list(tokens)])).logits[0, -1]
        return np.asarray(last.numpy(), dtype=np.float32)

    def greedy(self, prompt: Sequence[int]) -> list[int]:
        import torch

        tokens = torch.tensor([list(prompt)])
        # Without a mask `generate` guesses one: a leading token that is also the pad token is padding to it.
        written = self._model.generate(
            tokens, attention_mask=torch.ones_like(tokens), do_sample=False, max_new_tokens=NEW_TOKENS
        )
        return [int(token) for token in written[0, len(prompt) :]]


@pytest.fixture
def reference(checkpoint_path: Path) -> Reference:
    return Reference(checkpoint_path)


@pytest.fixture
def text(checkpoint_path: Path) -> Text:
    return load_text(checkpoint_path)


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Return the length of the common beginning."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def conversations(count: int) -> list[list[Message]]:
    chance = random.Random(0)

    def words() -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(0, 40)))

    turns = [
        [Message("user", words())],
        [Message("system", words()), Message("user", words())],
        [Message("user", words()), Message("assistant", words()), Message("user", words())],
    ]
    return [[Message(m.role, words()) for m in turns[index % 3]] for index in range(count)]


def test_prompts_are_the_same_tokens(reference: Reference, text: Text) -> None:
    for messages in [*conversations(50), [Message("user", "  \n spaces around \n ")]]:
        assert text.prompt(messages, 10_000) == reference.prompt(messages)


def test_ordinary_text_beside_a_hostile_message_is_the_same_tokens(reference: Reference, text: Text) -> None:
    for messages in conversations(10):
        hostile = Message("user", HOSTILE)
        before, beside = reference.prompt(messages), text.prompt([*messages, hostile], 10_000)

        # The last two turns of `before` open and close nothing but the assistant's header.
        header = len(before) - common(before[::-1], text.prompt([hostile], 10_000)[::-1])
        assert common(before, beside) >= header
        assert HOSTILE in text.decode(beside)


def test_logits_agree_to_a_thousandth(checkpoint_path: Path, reference: Reference, text: Text) -> None:
    architecture = open_checkpoint(checkpoint_path).architecture
    transformer = Transformer(architecture, load_weights(checkpoint_path / "model.safetensors", architecture))
    worst = 0.0
    for messages in conversations(50):
        prompt = text.prompt(messages, architecture.max_position_embeddings - 1)
        cache = KeyValues(architecture, len(prompt) + 1)
        while cache.length < len(prompt):
            hidden = transformer.prefill(prompt[cache.length : cache.length + BLOCK], cache)
        first = transformer.logits(hidden)
        second = transformer.decode([7], [cache])[0]
        worst = max(
            worst,
            float(np.abs(first - reference.logits(prompt)).max()),
            float(np.abs(second - reference.logits([*prompt, 7])).max()),
        )

    assert worst <= 1e-3


@pytest.mark.parametrize("slots", [1, 8])
async def test_greedy_completions_are_the_same_tokens(
    checkpoint_path: Path, reference: Reference, text: Text, slots: int
) -> None:
    questions = conversations(8)
    expected = [reference.greedy(reference.prompt(messages)) for messages in questions]
    greedy = Sampling(temperature=0, max_tokens=NEW_TOKENS)

    async with (
        EmbeddedModel.load("mini", checkpoint_path, slots=slots) as model,
        asyncio.TaskGroup() as group,
    ):
        answers = [group.create_task(model.complete(messages, greedy)) for messages in questions]

    written = [answer.result()[0] for answer in answers]
    assert [completion.text for completion in written] == [text.decode(tokens) for tokens in expected]
    assert [completion.usage.completion_tokens for completion in written] == list(map(len, expected))
