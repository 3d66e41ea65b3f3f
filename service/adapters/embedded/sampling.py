"""From logits to a token."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.adapters.embedded.checkpoint import GenerationDefaults
from service.adapters.embedded.weights import Floats
from service.domain.chat import Sampling


@dataclass(frozen=True, slots=True)
class Decoding:
    """How to choose a token; temperature 0 takes the likeliest."""

    temperature: float
    top_p: float = 1.0
    top_k: int = 0

    @classmethod
    def of(cls, sampling: Sampling, defaults: GenerationDefaults) -> "Decoding":
        """Fill what a request leaves open as vLLM does, except that `do_sample: false` means greedy."""
        temperature = sampling.temperature
        if temperature is None:
            temperature = 0.0 if defaults.do_sample is False else _or(defaults.temperature, 1.0)
        top_p = _or(sampling.top_p, _or(defaults.top_p, 1.0))
        return cls(temperature=temperature, top_p=top_p, top_k=defaults.top_k or 0)


class Sampler:
    """Chooses one completion's tokens, with its own random numbers."""

    def __init__(self, decoding: Decoding, seed: int | None) -> None:
        self._decoding = decoding
        self._random = np.random.default_rng(None if seed is None else seed % 2**64)

    def pick(self, logits: Floats) -> int:
        """Choose the next token."""
        how = self._decoding
        if how.temperature == 0:
            return int(logits.argmax())
        scaled = (logits - logits.max()).astype(np.float64) / how.temperature
        probabilities = np.exp(scaled)
        if how.top_k or how.top_p < 1:
            probabilities = _truncated(probabilities, how)
        cumulative = probabilities.cumsum()
        drawn = self._random.random() * cumulative[-1]
        chosen = int(cumulative.searchsorted(drawn, side="right"))
        # The product can round up to the whole sum, one past the last token.
        return chosen if chosen < cumulative.size else int(probabilities.argmax())


def log_softmax(logits: Floats) -> NDArray[np.float64]:
    """Return log-probabilities, in nats, of the untempered distribution."""
    shifted = (logits - logits.max()).astype(np.float64)
    normalizer = np.log(np.exp(shifted).sum(dtype=np.float64))
    logprobs: NDArray[np.float64] = shifted - normalizer
    return logprobs


def likeliest(logprobs: NDArray[np.float64], count: int) -> list[int]:
    """Return the `count` likeliest tokens, best first."""
    count = min(count, logprobs.size)
    if count < 1:
        return []
    found = np.argpartition(-logprobs, count - 1)[:count]
    return [int(token) for token in found[np.argsort(-logprobs[found], kind="stable")]]


def _truncated(probabilities: NDArray[np.float64], how: Decoding) -> NDArray[np.float64]:
    """Silence all but the `top_k` likeliest, then all but the smallest set that holds `top_p`."""
    order = np.argsort(-probabilities, kind="stable")
    if how.top_k:
        order = order[: how.top_k]
    cumulative = probabilities[order].cumsum()
    # The token that crosses the border is kept; so is the first, always.
    kept = order[: int(cumulative.searchsorted(how.top_p * cumulative[-1], side="left")) + 1]
    truncated = np.zeros_like(probabilities)
    truncated[kept] = probabilities[kept]
    return truncated


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
