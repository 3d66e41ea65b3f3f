"""Loading a model to train or to ask, in the number format that the hardware and the launcher want."""

import json
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.distributed.fsdp import is_fsdp_enabled
from transformers.integrations.deepspeed import is_deepspeed_zero3_enabled

from training.errors import StageError
from training.weights.places import Weights, configured_weights

ADAPTER = "adapter_config.json"
"""The file that makes a folder an adapter (PEFT layout)."""


def is_sharded() -> bool:
    """Whether FSDP or ZeRO-3 shards the weights; known once the trainer's arguments have been made."""
    return bool(is_fsdp_enabled() or is_deepspeed_zero3_enabled())


def training_dtype(*, frozen: bool) -> torch.dtype:
    """Format of the weights as loaded.

    Trained weights are fp32: an update of a hundred-thousandth of a weight is lost in bf16. ZeRO-3 and FSDP2
    make sharded fp32 copies of their own, so they load bf16, and so does a frozen base under an adapter.
    A CPU takes fp32.
    """
    on_gpu = torch.cuda.is_available()
    return torch.bfloat16 if on_gpu and (frozen or is_sharded()) else torch.float32


def generation_dtype(weights: Weights) -> torch.dtype:
    """Format to generate in: bf16 on a GPU where the weights were saved in it, fp32 everywhere else."""
    on_gpu = torch.cuda.is_available()
    return torch.bfloat16 if on_gpu and saved_dtype(weights) == torch.bfloat16 else torch.float32


def saved_dtype(weights: Weights) -> torch.dtype:
    """Format that a model, or an adapter's base, was saved in; fp32 where it does not say."""
    if is_adapter(weights):
        return saved_dtype(adapter_base(Path(weights.name)))
    dtype = AutoConfig.from_pretrained(weights.name, revision=weights.revision).dtype
    return dtype if isinstance(dtype, torch.dtype) else torch.float32


def is_adapter(weights: Weights) -> bool:
    """Whether the weights are an adapter in a folder (PEFT layout)."""
    return weights.is_local and (Path(weights.name) / ADAPTER).is_file()


def load_tokenizer(weights: Weights, *, left: bool = False) -> PreTrainedTokenizerBase:
    """Load a tokenizer; `left` pads on the left, as generation needs.

    Raises `StageError` where it has no chat template: conversations are all that is ever put to a model.
    """
    tokenizer = AutoTokenizer.from_pretrained(
        weights.name, revision=weights.revision, padding_side="left" if left else "right"
    )
    assert isinstance(tokenizer, PreTrainedTokenizerBase)
    if not tokenizer.chat_template:
        raise StageError(
            f"{weights} has no chat template: take a model trained on instructions, or put the template "
            "beside its tokenizer as chat_template.jinja"
        )
    return tokenizer


def load_model(weights: Weights, dtype: torch.dtype, device: str | None = None) -> PreTrainedModel:
    """Load a whole model, or an adapter's base with the adapter merged into it; a trainer places it."""
    if is_adapter(weights):
        return merged(Path(weights.name), dtype, device)
    model = AutoModelForCausalLM.from_pretrained(
        weights.name, revision=weights.revision, dtype=dtype, device_map=device
    )
    assert isinstance(model, PreTrainedModel)
    return model


def merged(adapter: Path, dtype: torch.dtype, device: str | None = None) -> PreTrainedModel:
    """Add an adapter's product of matrices to the weights of its base."""
    from peft import PeftModel  # noqa: PLC0415 - only adapters need it

    base = load_model(adapter_base(adapter), dtype, device)
    model = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    assert isinstance(model, PreTrainedModel)
    return model


def adapter_base(adapter: Path) -> Weights:
    """Where an adapter says its base is."""
    config = json.loads((adapter / ADAPTER).read_text(encoding="utf-8"))
    return configured_weights(config["base_model_name_or_path"], config.get("revision"))
