"""Decoding many prompts at once: equal prompts are read once, and rows that have ended leave the batch.

What a row writes depends on its prompt and on its own draws, and not on the rows beside it, but for the
rounding of products of another shape.
"""

from collections.abc import Collection, Sequence

import torch
from transformers import PreTrainedModel

from service.domain.chat import Sampling
from training.writing.roomy import roomy_cache

_CROWDED = 0.75
"""Share of rows still going below which those that have ended are cut out: cutting copies the cache."""
_NUCLEUS = 64
"""Tokens that hold a nucleus nearly always; sorting a whole vocabulary at every step is dear."""


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    draws: torch.Tensor,
    sampling: Sampling,
    ends: Collection[int],
) -> list[list[int]]:
    """Continue each prompt up to a token of `ends`, which is returned too.

    `draws`, shape [prompts, most tokens], are uniform in [0, 1): token t of row i is chosen by `draws[i, t]`.
    """
    batch = _Batch(model, prompts)
    stopping = torch.tensor(sorted(ends), device=model.device)
    written: list[list[int]] = [[] for _ in prompts]
    draws = draws.to(model.device)
    for number in range(draws.shape[1]):
        tokens = chosen(batch.logits, draws[batch.rows, number], sampling)
        for row, token in zip(batch.rows.tolist(), tokens.tolist(), strict=True):
            written[row].append(token)
        batch.ended |= torch.isin(tokens, stopping)
        if batch.ended.all() or number + 1 == draws.shape[1]:
            break
        batch.step(tokens)
    return [_up_to_end(tokens, ends) for tokens in written]


def _up_to_end(tokens: list[int], ends: Collection[int]) -> list[int]:
    """Drop what a row wrote after its end, while it waited to be cut out."""
    length = next((place + 1 for place, token in enumerate(tokens) if token in ends), len(tokens))
    return tokens[:length]


class _Batch:
    """Rows being continued: their keys and values, and the logits of their next tokens, [rows, vocabulary].

    Prompts are padded on the left, so that all rows grow at the same column.
    """

    def __init__(self, model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> None:
        places = {prompt: place for place, prompt in enumerate(dict.fromkeys(map(tuple, prompts)))}
        width = max(map(len, places))
        tokens = [[0] * (width - len(prompt)) + list(prompt) for prompt in places]
        mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in places]
        self._model = model
        self._cache = roomy_cache(model.config)
        self._mask = torch.tensor(mask, device=model.device)
        self._positions = (self._mask.cumsum(1) - 1).clamp(min=0)
        self.ended = torch.zeros(len(prompts), dtype=torch.bool, device=model.device)
        self.rows = torch.arange(len(prompts), device=model.device)
        self._read(torch.tensor(tokens, device=model.device))
        if len(places) < len(prompts):
            self._take(torch.tensor([places[tuple(prompt)] for prompt in prompts], device=model.device))

    def step(self, tokens: torch.Tensor) -> None:
        """Append a token to each row; rows that have ended stay on until there are enough of them to cut."""
        if self.ended.float().mean() > 1 - _CROWDED:
            kept = (~self.ended).nonzero()[:, 0]
            self.rows, self.ended, tokens = self.rows[kept], self.ended[kept], tokens[kept]
            self._take(kept)
        self._mask = torch.nn.functional.pad(self._mask, (0, 1), value=1)
        self._positions = self._positions[:, -1:] + 1
        self._read(tokens[:, None])

    def _read(self, tokens: torch.Tensor) -> None:
        out = self._model(
            input_ids=tokens,
            attention_mask=self._mask,
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.logits = out.logits[:, -1]

    def _take(self, places: torch.Tensor) -> None:
        self._cache.batch_select_indices(places)
        self._mask, self._positions = self._mask[places], self._positions[places]
        self.logits = self.logits[places]


def chosen(logits: torch.Tensor, draws: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Choose a token a row: the likeliest at temperature 0, else where the draw falls among the kept ones.

    Of top-p, the token that crosses the border is kept.
    """
    if not sampling.temperature:
        return logits.argmax(-1)
    likelihood = torch.softmax(logits.float() / sampling.temperature, -1)
    if sampling.top_p is None or sampling.top_p >= 1:
        return _fallen(likelihood, draws)
    likelihood, order = _nucleus(likelihood, sampling.top_p)
    return order.gather(1, _fallen(likelihood, draws)[:, None])[:, 0]


def _nucleus(likelihood: torch.Tensor, top_p: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the likeliest tokens' likelihoods, those outside the nucleus 0, and which tokens they are."""
    found, order = likelihood.topk(min(_NUCLEUS, likelihood.shape[-1]))
    if found.sum(-1).min() < top_p:
        found, order = likelihood.sort(descending=True)
    before = found.cumsum(-1) - found
    return found.where(before < top_p, 0), order


def _fallen(likelihood: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
    """Where in the row a draw falls, each place being as wide as it is likely."""
    sums = likelihood.cumsum(-1, dtype=torch.float64)
    aims = draws * sums[:, -1]
    return torch.searchsorted(sums, aims[:, None], right=True)[:, 0].clamp(max=likelihood.shape[-1] - 1)
