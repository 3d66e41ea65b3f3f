"""A checkpoint's tensors, as the matrices that the forward pass multiplies by.

Three things are folded in on loading, so that they cost nothing per token: the norms' gains and the
attention scale go into the matrices that follow them, and the columns of queries and keys are reordered
so that each rotary pair lies side by side, as one complex number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
from numpy.typing import NDArray

from service.adapters.embedded.checkpoint import Architecture, CheckpointError

Floats = NDArray[np.float32]
Tensors = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Layer:
    """One block; matrices are (input, output)."""

    queries_keys_values: Floats
    attention_out: Floats
    gate_up: Floats
    down: Floats


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything the forward pass reads."""

    embeddings: Floats
    layers: tuple[Layer, ...]
    head: Floats


def load_weights(path: Path, architecture: Architecture) -> Weights:
    """Read `model.safetensors` and fold it."""
    tensors = _Named(path, _read_tensors(path))
    a = architecture
    embeddings = tensors.take("model.embed_tokens.weight", a.vocab_size, a.hidden_size)
    tied = a.tie_word_embeddings or "lm_head.weight" not in tensors.tensors
    head = embeddings if tied else tensors.take("lm_head.weight", a.vocab_size, a.hidden_size)
    final = tensors.take("model.norm.weight", a.hidden_size)
    return Weights(
        embeddings=embeddings,
        layers=tuple(_layer(tensors, a, index) for index in range(a.num_hidden_layers)),
        head=_matrix(head * final),
    )


@dataclass(frozen=True, slots=True)
class _Named:
    """Tensors by name, with errors that say which file and which tensor."""

    path: Path
    tensors: Tensors

    def take(self, name: str, *shape: int) -> Floats:
        tensor = self.tensors.get(name)
        if tensor is None:
            raise CheckpointError(f"{self.path} lacks {name}: export the checkpoint again")
        if tensor.shape != shape:
            raise CheckpointError(
                f"{self.path}: {name} is {tensor.shape}, config.json asks for {shape}: "
                "the two files are not of one model"
            )
        return tensor


def _layer(tensors: _Named, a: Architecture, index: int) -> Layer:
    prefix = f"model.layers.{index}."
    wide, narrow = a.num_attention_heads * a.head_dim, a.num_key_value_heads * a.head_dim
    before_attention = tensors.take(f"{prefix}input_layernorm.weight", a.hidden_size)
    before_feed = tensors.take(f"{prefix}post_attention_layernorm.weight", a.hidden_size)
    queries = tensors.take(f"{prefix}self_attn.q_proj.weight", wide, a.hidden_size)
    keys = tensors.take(f"{prefix}self_attn.k_proj.weight", narrow, a.hidden_size)
    values = tensors.take(f"{prefix}self_attn.v_proj.weight", narrow, a.hidden_size)
    gate = tensors.take(f"{prefix}mlp.gate_proj.weight", a.intermediate_size, a.hidden_size)
    up = tensors.take(f"{prefix}mlp.up_proj.weight", a.intermediate_size, a.hidden_size)
    scale = np.float32(a.head_dim**-0.5)
    fused = np.concatenate([_paired(queries, a.head_dim) * scale, _paired(keys, a.head_dim), values])
    return Layer(
        queries_keys_values=_matrix(fused * before_attention),
        attention_out=_matrix(tensors.take(f"{prefix}self_attn.o_proj.weight", a.hidden_size, wide)),
        gate_up=_matrix(np.concatenate([gate, up]) * before_feed),
        down=_matrix(tensors.take(f"{prefix}mlp.down_proj.weight", a.hidden_size, a.intermediate_size)),
    )


def _paired(rows: Floats, head_dim: int) -> Floats:
    """Reorder each head's rows from (all firsts, all seconds) to (first, second), (first, second), …"""
    heads = rows.reshape(-1, 2, head_dim // 2, rows.shape[1])
    return heads.swapaxes(1, 2).reshape(rows.shape)


def _matrix(output_input: Floats) -> Floats:
    return np.ascontiguousarray(output_input.T, dtype=np.float32)


def _from_bfloat16(data: bytes) -> Floats:
    """A bfloat16 is the upper half of a float32."""
    return (np.frombuffer(data, dtype="<u2").astype(np.uint32) << 16).view(np.float32)


_READERS: dict[str, Callable[[bytes], Floats]] = {
    "F32": lambda data: np.frombuffer(data, dtype="<f4").astype(np.float32),
    "F16": lambda data: np.frombuffer(data, dtype="<f2").astype(np.float32),
    "BF16": _from_bfloat16,
}


def _read_tensors(path: Path) -> Tensors:
    try:
        entries = safetensors.deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from error
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path} is damaged ({error}): export the checkpoint again") from error
    return {name: _tensor(path, name, entry) for name, entry in entries}


def _tensor(path: Path, name: str, entry: Mapping[str, object]) -> Floats:
    kind, data, shape = entry["dtype"], entry["data"], entry["shape"]
    if kind not in _READERS or not isinstance(data, bytes | bytearray) or not isinstance(shape, list):
        raise CheckpointError(f"{path}: {name} is {kind}; the embedded engine reads F32, F16 and BF16")
    return _READERS[str(kind)](bytes(data)).reshape(shape)
