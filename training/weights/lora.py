"""Adapters instead of all weights."""

from peft import LoraConfig as PeftLora

from training.config import LoraConfig


def lora_adapter(config: LoraConfig) -> PeftLora:
    """Low-rank matrices beside every linear layer but the head."""
    return PeftLora(
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
