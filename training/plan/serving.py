"""What a vLLM server holds on each of its GPUs."""

from dataclasses import dataclass

from training.plan.architecture import Architecture

UTILIZATION = 0.9
"""vLLM's default `--gpu-memory-utilization`."""
COLOCATED = 0.3
"""The share that TRL gives vLLM beside a training (`vllm_gpu_memory_utilization`)."""


@dataclass(frozen=True, slots=True)
class Serving:
    """`tensor_parallel` GPUs hold one copy of the model between them."""

    architecture: Architecture
    tensor_parallel: int
    share_gb: float
    """Memory that vLLM may take on one GPU."""

    @property
    def weights_gb(self) -> float:
        """Bf16 weights on one GPU."""
        return 2 * self.architecture.parameters / self.tensor_parallel / 1e9

    @property
    def cache_gb(self) -> float:
        """What is left for keys and values, less than nothing where the weights do not fit."""
        return self.share_gb - self.weights_gb

    def sequences(self, tokens: int) -> int:
        """How many sequences of that many tokens one copy can hold at a time."""
        whole = self.cache_gb * 1e9 * self.tensor_parallel
        return max(0, int(whole // (self.architecture.cache_bytes * tokens)))
