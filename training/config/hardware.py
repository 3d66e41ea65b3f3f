"""What a run is meant for."""

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from training.config.section import Section


class HardwareConfig(Section):
    """What a run is meant for. Only `plan` reads it; a launcher decides what a run gets."""

    gpu: Literal["a100", "h100", "h200"] = "h100"
    gpus: PositiveInt = 1
    """A node."""
    nodes: PositiveInt = 1
    sampler_gpus: NonNegativeInt = 0
    """Of all nodes' GPUs, those that sample critiques during GRPO instead of training; 0 with "colocate"."""
    generator_gpus: NonNegativeInt = 0
    """Those that serve the frozen generator during GRPO."""
    tensor_parallel: PositiveInt = 1
    """GPUs that share one copy of a served model."""
    sharding: Literal["fsdp2", "zero3"] = "fsdp2"
    """What shards GRPO over its GPUs, as the file for `accelerate` has it."""
