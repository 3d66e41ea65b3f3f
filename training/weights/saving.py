"""Saving what a trainer trained, on one device or sharded over many."""

import shutil
from pathlib import Path

from transformers import GenerationConfig, PreTrainedTokenizerBase, Trainer

from training.base.saving import check_tokenizer


def save_trained(trainer: Trainer, tokenizer: PreTrainedTokenizerBase, path: Path) -> None:
    """Write a model, or the adapter of one, in the HF layout: whole or not at all.

    Every process must call this: sharded weights are gathered from all of them, and rank 0 writes. Where
    several nodes train, `path` is on a file system that they share.
    """
    partial = path.with_name(f"{path.name}.partial")
    processes = trainer.accelerator
    if processes.is_main_process:
        shutil.rmtree(partial, ignore_errors=True)
    processes.wait_for_everyone()
    _gather_whole(trainer)
    trainer.save_model(str(partial))
    if processes.is_main_process:
        check_tokenizer(tokenizer, partial)
        for leftover in ("training_args.bin", "README.md"):
            (partial / leftover).unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)
        partial.replace(path)
    processes.wait_for_everyone()


def plain_generation(tokenizer: PreTrainedTokenizerBase) -> GenerationConfig:
    """How a model from nothing generates where nothing else is said: greedily, to its one end token."""
    return GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=False
    )


def _gather_whole(trainer: Trainer) -> None:
    """FSDP checkpoints stay sharded, which is fast; what is handed on is whole."""
    if trainer.is_fsdp_enabled:
        trainer.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
