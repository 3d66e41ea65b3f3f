"""Bytes on one GPU that trains, part by part.

Not covered: fragmentation and CUDA's own share; the checks leave room for both.
"""

from dataclasses import dataclass

from training.plan.architecture import Architecture

_HALF, _FULL = 2, 4
"""Bytes of a bf16 and of an fp32 number."""
_TILE_TOKENS, _TILE_WORDS = 4096, 32_768
"""TRL computes log-probabilities tile by tile (trl/kernels/chunked_logprob.py); no logits exist in full."""


@dataclass(frozen=True, slots=True)
class Training:
    """One stage's share of a GPU. `shards` GPUs hold the model together (ZeRO-3, FSDP full shard)."""

    architecture: Architecture
    shards: int
    tokens: int
    """Of one micro-batch, padding included."""
    rank: int | None = None
    """Of the adapter, if only an adapter is trained."""
    reference: bool = False
    """Whether a second, frozen copy is held to measure the KL from; an adapter switched off needs none."""
    layered_reference: bool = True
    """Whether the reference is gathered layer by layer (ZeRO-3), not whole (TRL under FSDP2)."""
    recomputed: bool = True
    """Whether only the inputs of the layers are kept for the backward pass."""

    @property
    def trained(self) -> int:
        """Parameters that get updates."""
        if self.rank is None:
            return self.architecture.parameters
        return self.architecture.adapter_parameters(self.rank)

    def parts(self) -> dict[str, float]:
        """Bytes by name; `total` is their sum."""
        return {
            "weights": self.weights(),
            "gradients": _HALF * self.trained / self.shards,
            "optimizer": self.optimizer(),
            "reference": _HALF * self.architecture.parameters / self.shards * self.reference,
            "gathered reference": self.gathered_reference(),
            "gathered layers": self.gathered(),
            "activations": self.activations(),
            "logits": self.logits(),
        }

    def weights(self) -> float:
        """2 bytes a parameter, sharded: 7.6e9 are 15.2 GB on one GPU (ZeRO, arXiv 1910.02054, 3)."""
        frozen = self.architecture.parameters if self.rank is not None else 0
        return _HALF * (frozen + self.trained) / self.shards

    def optimizer(self) -> float:
        """12 bytes a trained parameter, sharded: fp32 master copy and Adam's two moments (ZeRO, 3.1).

        FSDP2 counts otherwise (4 of weights, 4 of gradients, 8 of moments), to the same 16 bytes in all.
        """
        return 3 * _FULL * self.trained / self.shards

    def gathered(self) -> float:
        """Whole layers in bf16 at one time: the one at work, the next one on its way, the gradient of one.

        The embeddings stay gathered, as they are outside of the layers. Without shards nothing is copied.
        """
        layers = 3 * self.architecture.layer_parameters
        return _HALF * (layers + self.architecture.embedding_parameters) * (self.shards > 1)

    def gathered_reference(self) -> float:
        """The whole reference in bf16, twice: the buffer that collects it, and the weights it is copied to.

        Under FSDP2 TRL shards the reference as one piece (`prepare_fsdp` in trl/models/utils.py), so each
        forward pass gathers all of it; FSDP2 copies out of the buffer before it lets go of it
        (`foreach_all_gather_copy_out`). Counted beside the update, whose activations are not there then.
        """
        whole = self.reference and not self.layered_reference and self.shards > 1
        return 2 * _HALF * self.architecture.parameters * whole

    def activations(self) -> float:
        """Kept for the backward pass, with attention that never holds its matrix (flash attention).

        The input of each layer, 2 x hidden bytes a token, and everything inside of one layer, which is
        computed again (Korthikanti et al., arXiv 2205.05198, 5); without recomputation, of all layers.
        Inside, in bf16: two inputs of norms and their outputs (4 x hidden); queries and attention's output;
        keys and values; gate, up, the gate's activation and the product (4 x intermediate).
        """
        model = self.architecture
        inside = 4 * model.hidden + 2 * model.queries + 2 * model.keys + 4 * model.intermediate
        numbers = model.hidden * model.layers + inside * (1 if self.recomputed else model.layers)
        return _HALF * self.tokens * numbers

    def logits(self) -> float:
        """One tile of logits in fp32 and one of their gradients."""
        tokens = min(self.tokens, _TILE_TOKENS)
        return 2 * _FULL * tokens * min(self.architecture.vocabulary, _TILE_WORDS)
