"""Training batches: short examples packed into rows, each blind to the others.

Positions restart with every example; from that transformers derives a mask that keeps them apart.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TypedDict

import torch
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from training.base.corpus import Example, Mix, Noise, make_example
from training.config import PretrainConfig

IGNORED = -100
"""The label that the loss skips."""
_FILLING_ATTEMPTS = 3


class Row(TypedDict):
    """One packed row; every list is `row_tokens` long."""

    input_ids: list[int]
    labels: list[int]
    position_ids: list[int]


def encode(tokenizer: PreTrainedTokenizerBase, example: Example) -> tuple[list[int], list[int]]:
    """Token ids and labels of an example; what is learnt is the completion and the passages it names."""
    messages = [{"role": m.role, "content": m.content} for m in example.messages]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert isinstance(prompt, str)
    spans = [(start := prompt.index(passage), start + len(passage)) for passage in example.also]
    spans.append((len(prompt), len(prompt) + len(example.completion)))
    encoded = tokenizer(prompt + example.completion, add_special_tokens=False, return_offsets_mapping=True)
    ids = list(encoded["input_ids"])
    labels = [IGNORED] * len(ids)
    starts, ends = zip(*encoded["offset_mapping"], strict=True)
    for first, last in spans:
        learnt = slice(bisect_left(starts, first), bisect_right(ends, last))
        labels[learnt] = ids[learnt]
    return [*ids, tokenizer.eos_token_id], [*labels, tokenizer.eos_token_id]


class PackedCorpus(Dataset[list[Row]]):
    """Batches made on demand: batch `i` depends on the seed and `i` alone."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, config: PretrainConfig, seed: int) -> None:
        self._tokenizer = tokenizer
        self._config = config
        self._seed = seed

    def __len__(self) -> int:
        return self._config.batches

    def __getitem__(self, index: int) -> list[Row]:
        rng = random.Random(f"{self._seed}:batch:{index}")
        early = index < self._config.early_share * self._config.batches
        phase = self._config.early if early else self._config.late
        mix, noise = Mix(**phase.mix.model_dump()), Noise(**phase.noise.model_dump())
        rows = [Row(input_ids=[], labels=[], position_ids=[]) for _ in range(self._config.batch_rows)]
        misses = 0
        while misses < _FILLING_ATTEMPTS:
            ids, labels = encode(self._tokenizer, make_example(rng, mix, noise))
            row = self._fullest_with_room(rows, len(ids))
            if row is None:
                misses += 1
                continue
            row["input_ids"] += ids
            row["labels"] += labels
            row["position_ids"] += range(len(ids))
        return [self._padded(row) for row in rows]

    def _fullest_with_room(self, rows: Sequence[Row], tokens: int) -> Row | None:
        fitting = [row for row in rows if len(row["input_ids"]) + tokens <= self._config.row_tokens]
        return max(fitting, key=lambda row: len(row["input_ids"]), default=None)

    def _padded(self, row: Row) -> Row:
        missing = self._config.row_tokens - len(row["input_ids"])
        row["input_ids"] += [self._tokenizer.pad_token_id] * missing
        row["labels"] += [IGNORED] * missing
        row["position_ids"] += range(missing)
        return row


def collate(batches: Sequence[list[Row]]) -> dict[str, torch.Tensor]:
    """Stack the rows of all batches into tensors of shape [rows, row_tokens]."""
    rows = [row for batch in batches for row in batch]
    names = ("input_ids", "labels", "position_ids")
    return {name: torch.tensor([row[name] for row in rows]) for name in names}  # type: ignore[literal-required]
