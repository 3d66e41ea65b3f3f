"""TRL's GRPO trainer, sampling in parts so that one part is scored while the next is sampled."""

import time
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase
from trl.trainer.grpo_trainer import GRPOTrainer

from service.domain.chat import Sampling
from training.cores import a_core_left
from training.grpo.clock import Clock
from training.rewards.trl import CritiqueReward
from training.writing.decoding import decode


class CriticTrainer(GRPOTrainer):
    """GRPO as it is (paper 3.3), with the reward begun early and each step's time taken apart.

    Three methods of TRL are wrapped; tests/training/test_grpo.py fails if a later version of TRL no longer
    calls them. One process on a CPU samples by `decode`, which takes two thirds of the time of TRL's way.
    """

    reward: CritiqueReward
    clock: Clock
    chunks: int = 1

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        started = time.monotonic()
        loss: torch.Tensor = super().training_step(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.clock.stepped(started, time.monotonic())
        return loss

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        self._rows = inputs
        started = time.monotonic()
        scored: dict[str, Any] = super()._generate_and_score_completions(inputs)
        self.clock.prepared(started, time.monotonic())
        return scored

    def _generate_single_turn(
        self, prompt_ids: list[list[int]], images: Any, fields: Any, num_generations: int, *rest: Any
    ) -> tuple[list[list[int]], list[list[float]] | None]:
        """Sample a batch part by part; whole groups stay together, since vLLM samples them as one prompt."""
        ids: list[list[int]] = []
        logprobs: list[list[float]] | None = None
        for part in parts(len(prompt_ids), self.chunks, num_generations):
            started = time.monotonic()
            with a_core_left():
                some, their_logprobs = self._sampled(prompt_ids[part], images, fields, num_generations, *rest)
            self.clock.sampled(started, time.monotonic())
            ids += some
            if their_logprobs is not None:
                logprobs = (logprobs or []) + their_logprobs
            self._begin(self._rows[part], some)
        return ids, logprobs

    def _sampled(
        self, prompt_ids: list[list[int]], *rest: Any
    ) -> tuple[list[list[int]], list[list[float]] | None]:
        if self.use_vllm or self.accelerator.num_processes > 1 or self.accelerator.device.type != "cpu":
            sampled: tuple[list[list[int]], list[list[float]] | None]
            sampled = super()._generate_single_turn(prompt_ids, *rest)  # type: ignore[no-untyped-call]
            return sampled
        model = self.accelerator.unwrap_model(self.model_wrapped)
        most = self.max_completion_length
        assert most is not None
        draws = torch.rand(len(prompt_ids), most, dtype=torch.float64)
        return decode(model, prompt_ids, draws, Sampling(self.temperature), self.eos_token_ids), None

    def _begin(self, rows: Sequence[dict[str, Any]], ids: list[list[int]]) -> None:
        assert isinstance(self.processing_class, PreTrainedTokenizerBase)
        texts = self.processing_class.batch_decode(ids, skip_special_tokens=True)
        for row, text, tokens in zip(rows, texts, ids, strict=True):
            self.reward.begin(row, text, len(tokens))


def parts(count: int, chunks: int, group: int) -> list[slice]:
    """Cut `count` samples into up to `chunks` slices of whole groups.

    One slice where a process has parts of groups: vLLM answers a group as one prompt, so a slice that began
    inside one would get critiques of other drafts.
    The last one is small, as there is no sampling behind which its rewards could be found.
    """
    if count % group:
        return [slice(0, count)]
    groups = count // group
    size = -(-groups // chunks)
    sizes = [min(size, groups - start) for start in range(0, groups, size)]
    moved = sizes[-1] // 2 if len(sizes) > 1 else 0
    sizes[-1] -= moved
    sizes[len(sizes) // 2 - 1] += moved
    ends = [group * end for end in accumulate(sizes)]
    return [slice(start, end) for start, end in pairwise([0, *ends[:-1], count])]
