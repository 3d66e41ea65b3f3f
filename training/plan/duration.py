"""Seconds of a step, from operations counted and efficiencies assumed.

Operations: 2 a parameter and token forward, 4 backward (Kaplan et al., arXiv 2001.08361, 2.1), and 2 more
where activations are computed again. Attention's own products are left out: a few percent at 2,000 tokens.
Not covered: loading, checkpoints, sandboxes that are slower than the revisions they follow, stragglers.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is guessed, not measured here; a run's own metrics replace it."""

    training_mfu: float = 0.35
    """Share of the data sheet's bf16 operations that a sharded training reaches."""
    prefill_mfu: float = 0.40
    """The same where vLLM reads prompts."""
    sampling_mfu: float = 0.12
    """The same where vLLM writes hundreds of sequences at a time: memory is the limit there."""
    filled: float = 0.6
    """Mean length of prompts and completions as a share of their limits."""
    transfer_gb_s: float = 10.0
    """New weights on their way to the sampler."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """GPUs of one kind."""

    tflops: float
    memory_gb: float
    trainers: int
    """In GRPO; SFT has all of them."""
    samplers: int
    generators: int

    @property
    def gpus(self) -> int:
        """All of them."""
        return self.trainers + self.samplers + self.generators


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns tokens into seconds."""

    cluster: Cluster
    assumed: Assumptions = Assumptions()

    def rate(self, parameters: int) -> float:
        """Tokens a second that one GPU writes."""
        return self.assumed.sampling_mfu * self.cluster.tflops * 1e12 / (2 * parameters)

    def sampling_s(self, parameters: int, read: float, written: float, gpus: int) -> float:
        """Read prompts and write completions; tokens are counts of all sequences together."""
        reading = 2 * parameters * read / (self.assumed.prefill_mfu * self.cluster.tflops * 1e12)
        return (reading + written / self.rate(parameters)) / gpus

    def training_s(self, parameters: int, tokens: float, operations: int, gpus: int) -> float:
        """`operations` a parameter and token."""
        return (
            operations * parameters * tokens / (self.assumed.training_mfu * self.cluster.tflops * 1e12 * gpus)
        )

    def transfer_s(self, parameters: int) -> float:
        """Send bf16 weights once."""
        return 2 * parameters / (self.assumed.transfer_gb_s * 1e9)


def update_operations(*, adapter: bool, recomputed: bool) -> int:
    """Forward 2, backward 4 (an adapter spares the gradients of the frozen weights: 2), again forward 2."""
    return 2 + (2 if adapter else 4) + 2 * recomputed
