"""A deeper model out of a shallower one, which computes the same until it is trained on.

New layers end in matrices of zeros, so that they add nothing to the residual stream at first
(Net2Net, arXiv 1511.05641, for residual networks).
"""

import torch
from transformers import LlamaForCausalLM

from training.errors import StageError


@torch.no_grad()
def grown(small: LlamaForCausalLM, large: LlamaForCausalLM) -> LlamaForCausalLM:
    """Copy `small` into the first layers of `large`, which is as wide, and silence its other layers.

    Raises `StageError` where the widths differ.
    """
    if small.config.hidden_size != large.config.hidden_size or (
        small.config.intermediate_size != large.config.intermediate_size
    ):
        raise StageError("a grown size is as wide as the main model: set hidden and intermediate as there")
    missing, unexpected = large.load_state_dict(small.state_dict(), strict=False)
    if unexpected:
        raise StageError(f"a grown size has at least as many layers as the main model: {unexpected[0]}")
    for name in missing:
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            large.get_parameter(name).zero_()
    return large
