"""A token's numbers depend on the tokens before it, and on nothing else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from service.adapters.embedded.cache import BLOCK, KeyValues, PrefixCache
from service.adapters.embedded.checkpoint import open_checkpoint
from service.adapters.embedded.transformer import Transformer
from service.adapters.embedded.weights import Floats, load_weights
from tests.engine_checkpoint import Shape, write_checkpoint

PROMPT = [(7 * i) % 500 + 3 for i in range(75)]


@pytest.fixture(scope="module")
def transformer(checkpoint: Path) -> Transformer:
    return load(checkpoint)


def load(path: Path) -> Transformer:
    architecture = open_checkpoint(path).architecture
    return Transformer(architecture, load_weights(path / "model.safetensors", architecture))


def prefilled(
    transformer: Transformer, prompt: Sequence[int], prefixes: PrefixCache | None = None
) -> tuple[KeyValues, Floats]:
    cache = KeyValues(transformer.architecture, 200)
    if prefixes is not None:
        prefixes.restore(prompt, cache)
    while cache.length < len(prompt):
        start = cache.length
        hidden = transformer.prefill(prompt[start : start + BLOCK], cache)
        if prefixes is not None and cache.length == start + BLOCK:
            prefixes.store(prompt, cache.length, cache)
    return cache, transformer.logits(hidden)


def test_a_prompt_read_in_blocks_gives_the_logits_of_one_read_token_by_token(
    transformer: Transformer,
) -> None:
    _, in_blocks = prefilled(transformer, PROMPT)

    cache = KeyValues(transformer.architecture, 200)
    one_by_one = [transformer.decode([token], [cache]) for token in PROMPT][-1][0]

    np.testing.assert_allclose(in_blocks, one_by_one, atol=1e-3)


@pytest.mark.parametrize("batch", [2, 3, 8, 16])
def test_a_sequence_decodes_to_the_same_bits_alone_and_among_others(
    transformer: Transformer, batch: int
) -> None:
    prompts = [PROMPT[: 10 + 4 * index] for index in range(batch)]
    alone = [transformer.decode([5], [cache])[0] for cache, _ in (prefilled(transformer, p) for p in prompts)]

    caches = [prefilled(transformer, prompt)[0] for prompt in prompts]
    together = transformer.decode([5] * batch, caches)

    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("length", [33, 64, 65, 75])
def test_a_prompt_gives_the_same_bits_with_and_without_a_cached_beginning(
    transformer: Transformer, length: int
) -> None:
    prefixes = PrefixCache(max_blocks=8)
    _, cold = prefilled(transformer, PROMPT[:length], prefixes)

    cache, warm = prefilled(transformer, PROMPT[:length], prefixes)

    assert prefixes.restore(PROMPT[:length], cache) >= BLOCK
    assert np.array_equal(cold, warm)


def test_what_follows_a_block_does_not_change_it(transformer: Transformer) -> None:
    _, alone = prefilled(transformer, PROMPT[:20])
    cache = KeyValues(transformer.architecture, 200)

    hidden = transformer.prefill(PROMPT[:20], cache)
    transformer.decode([9], [cache])

    assert np.array_equal(alone, transformer.logits(hidden))


def test_an_untied_head_is_used(tmp_path: Path) -> None:
    tied = load(write_checkpoint(tmp_path / "tied", Shape(tied=True)))
    untied = load(write_checkpoint(tmp_path / "untied", Shape(tied=False)))

    assert not np.array_equal(prefilled(tied, PROMPT)[1], prefilled(untied, PROMPT)[1])
