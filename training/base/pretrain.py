"""Pretraining of the base model, on the CPU or on a CUDA device if there is one."""

import time
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy, pad
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase, Trainer, TrainingArguments

from training.base.attention import attend_in_fp32
from training.base.rows import IGNORED, PackedCorpus, collate
from training.checkpoints import last_checkpoint
from training.config import ModelConfig, PretrainConfig

# oneDNN compiles a product anew for each number of rows it meets, and keeps what it compiled.
_ROWS_IN_STEPS_OF = 64


def new_model(config: ModelConfig, tokenizer: PreTrainedTokenizerBase, seed: int) -> LlamaForCausalLM:
    """A llama with random weights. Not qwen2: loaders would replace the tokenizer of such a model."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=config.hidden,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.heads,
            intermediate_size=config.intermediate,
            max_position_embeddings=config.positions,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def arguments(config: PretrainConfig, seed: int, out: Path) -> TrainingArguments:
    """Trainer settings."""
    on_gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(out),
        max_steps=config.batches,
        per_device_train_batch_size=1,  # the corpus gives whole batches
        learning_rate=config.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=round(config.warmup * config.batches),
        adam_beta2=0.98,
        weight_decay=0.01,
        max_grad_norm=1.0,
        train_sampling_strategy="sequential",
        logging_steps=50,
        save_steps=config.save_every_batches,
        save_total_limit=2,
        use_cpu=not on_gpu,
        dataloader_pin_memory=on_gpu,
        dataloader_num_workers=1,
        dataloader_persistent_workers=True,
        report_to=[],
        seed=seed,
    )


def hidden_states(model: LlamaForCausalLM, inputs: dict[str, Any]) -> torch.Tensor:
    """Last hidden states of packed rows, shape [batch, row_tokens, hidden], each example blind to the others.

    transformers derives the mask from restarting positions only where there is no cache: with its default,
    `use_cache=True`, every example of a row sees those before it, at positions that collide with its own.
    """
    states = model.model(
        input_ids=inputs["input_ids"], position_ids=inputs["position_ids"], use_cache=False
    ).last_hidden_state
    assert isinstance(states, torch.Tensor)
    return states


@cache
def is_faster_in_half() -> bool:
    """Whether this machine multiplies faster in bf16: some CPUs five times, others four times slower."""
    return torch.cuda.is_available() or _product_s(torch.bfloat16) < _product_s(torch.float32)


def _product_s(dtype: torch.dtype) -> float:
    """Least seconds of CPU for a matrix product of the size that training has: other work can only add."""
    rows, weights = torch.ones(2048, 256, dtype=dtype), torch.ones(640, 256, dtype=dtype)
    seconds = []
    for _ in range(20):
        start = time.thread_time()
        torch.nn.functional.linear(rows, weights)
        seconds.append(time.thread_time() - start)
    return min(seconds)


def learnt_loss(model: LlamaForCausalLM, inputs: dict[str, Any], *, half: bool) -> torch.Tensor:
    """Mean cross-entropy over the learnt tokens of a batch.

    Logits are computed only where there is something to learn: most of a row is prompt.
    """
    targets = inputs["labels"][:, 1:]
    learnt = targets != IGNORED
    spare = -int(learnt.sum()) % _ROWS_IN_STEPS_OF
    with torch.autocast(targets.device.type, torch.bfloat16, enabled=half):
        states = hidden_states(model, inputs)[:, :-1][learnt]
        logits = model.lm_head(pad(states, (0, 0, 0, spare)))
    return cross_entropy(logits.float(), pad(targets[learnt], (0, spare), value=IGNORED))


class _PackedTrainer(Trainer):
    half: bool = False
    """Whether matrix products run in bf16."""

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        assert isinstance(model, LlamaForCausalLM)
        return learnt_loss(model, inputs, half=self.half)


def pretrain(
    model: LlamaForCausalLM, config: PretrainConfig, tokenizer: PreTrainedTokenizerBase, seed: int, out: Path
) -> LlamaForCausalLM:
    """Train a model, or go on from the last checkpoint under `out`."""
    trainer = _PackedTrainer(
        model=model,
        args=arguments(config, seed, out),
        train_dataset=PackedCorpus(tokenizer, config, seed),
        data_collator=collate,
    )
    trainer.half = is_faster_in_half()
    if trainer.half and not torch.cuda.is_available():
        attend_in_fp32(model)
    trainer.train(resume_from_checkpoint=last_checkpoint(out))
    trained = trainer.model
    assert isinstance(trained, LlamaForCausalLM)
    return trained
