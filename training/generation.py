"""Batched generation in process: prompts in, texts out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from rich.progress import Progress

from service.domain.chat import Completion, Message, Sampling, TokenUsage
from training.errors import StageError
from training.loading import generation_dtype, load_model, load_tokenizer
from training.weights import Weights

_BATCH = 128


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
        self._batch = batch

    def write(self, prompts: Sequence[list[Message]], sampling: Sampling, label: str) -> list[Completion]:
        """Generate in batches of similar length, with a progress bar."""
        texts = [self._render(messages) for messages in prompts]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        written: dict[int, Completion] = {}
        torch.manual_seed(sampling.seed or 0)
        with Progress(transient=True) as progress:
            task = progress.add_task(label, total=len(texts))
            for start in range(0, len(order), self._batch):
                chunk = order[start : start + self._batch]
                written.update(zip(chunk, self._generate([texts[i] for i in chunk], sampling), strict=True))
                progress.advance(task, len(chunk))
        return [written[i] for i in range(len(texts))]

    def _render(self, messages: list[Message]) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        rendered = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        assert isinstance(rendered, str)
        return rendered

    @torch.inference_mode()
    def _generate(self, texts: list[str], sampling: Sampling) -> list[Completion]:
        inputs = self._tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        inputs = inputs.to(self._model.device)
        inputs.pop("token_type_ids", None)
        width = inputs["input_ids"].shape[1]
        sampled = bool(sampling.temperature)
        how = (
            {"temperature": sampling.temperature, "top_p": sampling.top_p or 1.0, "top_k": 0}
            if sampled
            else {}
        )
        out = self._model.generate(
            **inputs, do_sample=sampled, max_new_tokens=sampling.max_tokens or 256, **how
        )
        prompt_tokens = inputs["attention_mask"].sum(dim=1).tolist()
        return [self._completion(row[width:].tolist(), n) for row, n in zip(out, prompt_tokens, strict=True)]

    def _completion(self, ids: list[int], prompt_tokens: int) -> Completion:
        end = self._tokenizer.eos_token_id
        stopped = end in ids
        kept = ids[: ids.index(end)] if stopped else ids
        text = self._tokenizer.decode(kept, skip_special_tokens=True)
        assert isinstance(text, str)
        usage = TokenUsage(prompt_tokens=prompt_tokens, completion_tokens=len(kept) + stopped)
        return Completion(text, "stop" if stopped else "length", usage)
