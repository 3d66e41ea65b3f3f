"""Batched generation in process: prompts in, texts out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from rich.progress import Progress
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from service.domain.chat import Completion, Message, Sampling, TokenUsage
from training.errors import StageError
from training.weights.loading import generation_dtype, load_model, load_tokenizer
from training.weights.places import Weights
from training.writing.decoding import decode

_BATCH = 128
_MOST_TOKENS = 256
"""New tokens where a request sets no bound."""


class Writer(Protocol):
    """Continues many conversations; the order of answers is that of the prompts."""

    def write(self, prompts: Sequence[list[Message]], sampling: Sampling, label: str) -> list[Completion]:
        """Return one completion a prompt."""


class TransformersWriter:
    """Any causal language model that transformers loads; CUDA where there is one."""

    def __init__(self, source: Path | Weights, batch: int = _BATCH) -> None:
        """Raises `StageError` where a path is no folder: a hub is asked only for what names it."""
        if isinstance(source, Path) and not source.is_dir():
            raise StageError(
                f"{source} is missing: run the stages before this one, or all with `ctrl-train run`"
            )
        weights = Weights(str(source)) if isinstance(source, Path) else source
        self._tokenizer = load_tokenizer(weights, left=True)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = load_model(weights, generation_dtype(weights), device).eval()
        self._ends = _end_tokens(self._model, self._tokenizer)
        self._batch = batch

    def write(self, prompts: Sequence[list[Message]], sampling: Sampling, label: str) -> list[Completion]:
        """Generate in batches of similar length, with a progress bar."""
        tokens = self._encode(prompts)
        draws = _draws(len(prompts), sampling)
        order = sorted(range(len(tokens)), key=lambda i: (len(tokens[i]), tokens[i]))
        written: dict[int, Completion] = {}
        with Progress(transient=True) as progress:
            task = progress.add_task(label, total=len(tokens))
            for start in range(0, len(order), self._batch):
                chunk = order[start : start + self._batch]
                some = [tokens[i] for i in chunk]
                ids = decode(self._model, some, draws[chunk], sampling, self._ends)
                written.update(zip(chunk, map(self._completion, some, ids), strict=True))
                progress.advance(task, len(chunk))
        return [written[i] for i in range(len(tokens))]

    def _encode(self, prompts: Sequence[list[Message]]) -> list[list[int]]:
        """Tokens of each prompt; equal prompts are encoded once."""
        texts = {tuple(prompt): self._render(prompt) for prompt in prompts}
        tokens = self._tokenizer(list(texts.values()), add_special_tokens=False)["input_ids"] if texts else []
        known = dict(zip(texts, tokens, strict=True))
        return [known[tuple(prompt)] for prompt in prompts]

    def _render(self, messages: list[Message]) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        rendered = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        assert isinstance(rendered, str)
        return rendered

    def _completion(self, prompt: list[int], ids: list[int]) -> Completion:
        stopped = ids[-1] in self._ends
        text = self._tokenizer.decode(ids[:-1] if stopped else ids, skip_special_tokens=True)
        assert isinstance(text, str)
        usage = TokenUsage(prompt_tokens=len(prompt), completion_tokens=len(ids))
        return Completion(text, "stop" if stopped else "length", usage)


def _draws(count: int, sampling: Sampling) -> torch.Tensor:
    """Uniform numbers, [count, most tokens]; those of a row depend on the seed and its place alone."""
    shape = (count, sampling.max_tokens or _MOST_TOKENS)
    random = np.random.default_rng(sampling.seed or 0)
    return torch.from_numpy(random.random(shape) if sampling.temperature else np.zeros(shape))


def _end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Whatever ends a turn: what the tokenizer names, and what the model's own defaults for generation do."""
    configured = model.generation_config.eos_token_id if model.generation_config else None
    several = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in (tokenizer.eos_token_id, *several) if isinstance(token, int))
