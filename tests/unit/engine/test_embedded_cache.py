"""Beginnings of prompts are kept in blocks, within a bound."""

from pathlib import Path

import numpy as np
import pytest

from service.adapters.embedded.cache import BLOCK, KeyValues, PrefixCache, blocks_within
from service.adapters.embedded.checkpoint import Architecture, open_checkpoint


@pytest.fixture
def architecture(checkpoint: Path) -> Architecture:
    return open_checkpoint(checkpoint).architecture


def filled(architecture: Architecture, value: float) -> KeyValues:
    cache = KeyValues(architecture, 4 * BLOCK)
    cache.keys[:], cache.values[:] = value, -value
    return cache


def test_the_longest_known_beginning_is_restored(architecture: Architecture) -> None:
    prefixes, source, into = PrefixCache(8), filled(architecture, 1), filled(architecture, 0)
    prompt = list(range(2 * BLOCK))
    prefixes.store(prompt, BLOCK, source)
    prefixes.store(prompt, 2 * BLOCK, source)

    restored = prefixes.restore([*prompt[: BLOCK + 5], *[999] * BLOCK], into)

    assert restored == into.length == BLOCK
    assert np.all(into.keys[:, :, :BLOCK] == 1)
    assert np.all(into.values[:, :, :BLOCK] == -1)
    assert np.all(into.keys[:, :, BLOCK:] == 0)


def test_the_last_token_is_always_left_to_compute(architecture: Architecture) -> None:
    prefixes, cache = PrefixCache(8), filled(architecture, 1)
    prompt = list(range(BLOCK))
    prefixes.store(prompt, BLOCK, cache)

    assert prefixes.restore(prompt, cache) == 0
    assert prefixes.restore([*prompt, 7], cache) == BLOCK


def test_the_least_recently_used_block_goes_first(architecture: Architecture) -> None:
    prefixes, cache = PrefixCache(2), filled(architecture, 1)
    first, second, third = ([value] * (BLOCK + 1) for value in (1, 2, 3))
    prefixes.store(first, BLOCK, cache)
    prefixes.store(second, BLOCK, cache)
    prefixes.restore(first, cache)

    prefixes.store(third, BLOCK, cache)

    assert [prefixes.restore(prompt, cache) for prompt in (first, second, third)] == [BLOCK, 0, BLOCK]


def test_a_beginning_outlives_its_continuation(architecture: Architecture) -> None:
    prefixes, cache = PrefixCache(2), filled(architecture, 1)
    prompt = list(range(2 * BLOCK + 1))
    prefixes.store(prompt, BLOCK, cache)
    prefixes.store(prompt, 2 * BLOCK, cache)
    prefixes.restore(prompt, cache)

    prefixes.store([9] * BLOCK, BLOCK, cache)

    assert prefixes.restore(prompt, cache) == BLOCK


def test_no_budget_means_no_cache(architecture: Architecture) -> None:
    prefixes, cache = PrefixCache(blocks_within(0, architecture)), filled(architecture, 1)

    prefixes.store([1] * BLOCK, BLOCK, cache)

    assert prefixes.restore([1] * (BLOCK + 1), cache) == 0
