"""Attention in fp32 under bf16 autocast: on a CPU, its backward pass takes 2.6 times as long in bf16."""

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask

_NAME = "sdpa_fp32"


def attend_in_fp32(model: PreTrainedModel) -> None:
    """Let attention alone leave autocast; a saved configuration never names how attention is computed."""
    AttentionInterface.register(_NAME, _attend)
    AttentionMaskInterface.register(_NAME, eager_mask)  # adds, so no layer has to convert it
    model.set_attn_implementation(_NAME)


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *mask: Any,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    with torch.autocast(query.device.type, enabled=False):
        return sdpa_attention_forward(module, query.float(), key.float(), value.float(), *mask, **options)
