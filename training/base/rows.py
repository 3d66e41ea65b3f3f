"""Training rows: several short examples packed into one row, each blind to the others.

Positions restart with every example; from that transformers derives a mask that keeps them apart.
"""

import random
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
    """Token ids and labels of an example; the prompt is not learnt."""
    messages = [{"role": m.role, "content": m.content} for m in example.messages]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    prompt = tokenizer.encode(text, add_special_tokens=False)
    completion = tokenizer.encode(example.completion, add_special_tokens=False)
    completion.append(tokenizer.eos_token_id)
    return prompt + completion, [IGNORED] * len(prompt) + completion


class PackedCorpus(Dataset[Row]):
    """Rows made on demand: row `i` depends on the seed and `i` alone."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, config: PretrainConfig, seed: int) -> None:
        self._tokenizer = tokenizer
        self._config = config
        self._seed = seed

    def __len__(self) -> int:
        return self._config.rows

    def __getitem__(self, index: int) -> Row:
        rng = random.Random(f"{self._seed}:row:{index}")
        early = index < self._config.early_share * self._config.rows
        phase = self._config.early if early else self._config.late
        mix, noise = Mix(**phase.mix.model_dump()), Noise(**phase.noise.model_dump())
        row = Row(input_ids=[], labels=[], position_ids=[])
        misses = 0
        while misses < _FILLING_ATTEMPTS:
            ids, labels = encode(self._tokenizer, make_example(rng, mix, noise))
            if len(row["input_ids"]) + len(ids) > self._config.row_tokens:
                misses += 1
                continue
            row["input_ids"] += ids
            row["labels"] += labels
            row["position_ids"] += range(len(ids))
        return self._padded(row)

    def _padded(self, row: Row) -> Row:
        missing = self._config.row_tokens - len(row["input_ids"])
        row["input_ids"] += [self._tokenizer.pad_token_id] * missing
        row["labels"] += [IGNORED] * missing
        row["position_ids"] += range(missing)
        return row


def collate(rows: Sequence[Row]) -> dict[str, torch.Tensor]:
    """Stack rows into tensors of shape [batch, row_tokens]."""
    names = ("input_ids", "labels", "position_ids")
    return {name: torch.tensor([row[name] for row in rows]) for name in names}  # type: ignore[literal-required]
