"""From logits to tokens."""

import numpy as np
import pytest

from service.adapters.embedded.checkpoint import GenerationDefaults
from service.adapters.embedded.sampling import Decoding, Sampler, likeliest, log_softmax
from service.domain.chat import Sampling

LOGITS = np.log(np.array([0.1, 0.5, 0.05, 0.35], dtype=np.float32))


def drawn(decoding: Decoding, seed: int = 0, count: int = 4000) -> np.ndarray:
    sampler = Sampler(decoding, seed)
    return np.bincount([sampler.pick(LOGITS) for _ in range(count)], minlength=4) / count


def test_temperature_zero_takes_the_likeliest() -> None:
    assert drawn(Decoding(temperature=0), count=10)[1] == 1


def test_temperature_one_draws_the_models_own_distribution() -> None:
    np.testing.assert_allclose(drawn(Decoding(temperature=1)), [0.1, 0.5, 0.05, 0.35], atol=0.03)


def test_a_low_temperature_sharpens() -> None:
    np.testing.assert_allclose(
        drawn(Decoding(temperature=0.5)), np.array([0.01, 0.25, 0.0025, 0.1225]) / 0.385, atol=0.03
    )


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.01, [1]), (0.49, [1]), (0.51, [1, 3]), (0.9, [0, 1, 3]), (1.0, [0, 1, 2, 3])]
)
def test_top_p_keeps_the_smallest_set_that_holds_it(top_p: float, kept: list[int]) -> None:
    assert np.flatnonzero(drawn(Decoding(temperature=1, top_p=top_p))).tolist() == kept


def test_top_k_keeps_the_k_likeliest() -> None:
    assert np.flatnonzero(drawn(Decoding(temperature=1, top_k=2))).tolist() == [1, 3]


@pytest.mark.parametrize("seed", [0, -1, 2**70])
def test_a_seed_repeats_its_draws(seed: int) -> None:
    first, second = (Sampler(Decoding(temperature=1), seed) for _ in range(2))

    assert [first.pick(LOGITS) for _ in range(50)] == [second.pick(LOGITS) for _ in range(50)]


def test_what_the_request_leaves_open_the_weights_decide() -> None:
    defaults = GenerationDefaults(temperature=0.7, top_p=0.9, top_k=20)

    assert Decoding.of(Sampling(), defaults) == Decoding(0.7, 0.9, 20)
    assert Decoding.of(Sampling(temperature=0.0, top_p=0.5), defaults) == Decoding(0.0, 0.5, 20)


def test_weights_that_do_not_sample_are_decoded_greedily() -> None:
    assert Decoding.of(Sampling(), GenerationDefaults(do_sample=False, temperature=0.7)).temperature == 0
    assert Decoding.of(Sampling(), GenerationDefaults()).temperature == 1


def test_log_probabilities_are_those_of_the_untempered_distribution() -> None:
    np.testing.assert_allclose(np.exp(log_softmax(LOGITS)), [0.1, 0.5, 0.05, 0.35], atol=1e-6)


@pytest.mark.parametrize(("count", "expected"), [(0, []), (2, [1, 3]), (9, [1, 3, 0, 2])])
def test_the_likeliest_come_best_first(count: int, expected: list[int]) -> None:
    assert likeliest(log_softmax(LOGITS), count) == expected
