"""Sizes of a decoder and what follows from them: parameters, adapters, cache."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from training.config import ModelConfig
from training.errors import StageError

_TABLE = Path(__file__).with_name("architectures.toml")


@dataclass(frozen=True, slots=True)
class Architecture:
    """A llama-like decoder: grouped attention, gated MLP (llama, Qwen2, Qwen3)."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    intermediate: int
    vocabulary: int
    tied: bool
    attention_bias: bool = False
    """On queries, keys and values: Qwen2."""
    head_norms: bool = False
    """On queries and keys: Qwen3."""

    @property
    def queries(self) -> int:
        """Width of the queries, and of what attention gives back."""
        return self.heads * self.head_size

    @property
    def keys(self) -> int:
        """Width of the keys; that of the values is the same."""
        return self.kv_heads * self.head_size

    @property
    def linear_shapes(self) -> tuple[tuple[int, int], ...]:
        """Input and output width of each matrix of a layer: q, k, v, o, gate, up, down."""
        inside = [(self.hidden, self.queries), *[(self.hidden, self.keys)] * 2, (self.queries, self.hidden)]
        mlp = [*[(self.hidden, self.intermediate)] * 2, (self.intermediate, self.hidden)]
        return (*inside, *mlp)

    @property
    def layer_parameters(self) -> int:
        """Matrices, two norms, and biases or norms of the heads where there are any."""
        matrices = sum(rows * columns for rows, columns in self.linear_shapes)
        biases = (self.queries + 2 * self.keys) * self.attention_bias
        return matrices + 2 * self.hidden + biases + 2 * self.head_size * self.head_norms

    @property
    def embedding_parameters(self) -> int:
        """Input embedding and output head, which are one matrix where they are tied."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def parameters(self) -> int:
        """All of them, with the last norm."""
        return self.layers * self.layer_parameters + self.embedding_parameters + self.hidden

    def adapter_parameters(self, rank: int) -> int:
        """LoRA on every matrix of every layer: rank x (input + output) each (Hu et al., arXiv 2106.09685)."""
        return self.layers * rank * sum(rows + columns for rows, columns in self.linear_shapes)

    @property
    def cache_bytes(self) -> int:
        """Key-value cache of one token in 16 bits."""
        return self.layers * 2 * self.keys * 2


class _HubConfig(BaseModel):
    """The part of a `config.json` that counts here."""

    model_config = ConfigDict(extra="ignore")

    model_type: str
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    intermediate_size: int
    vocab_size: int
    tie_word_embeddings: bool = False
    attention_bias: bool = False


def architecture_of(name: str) -> Architecture | None:
    """Sizes of a model in a folder (by its `config.json`) or of a known one of the hub; None for others."""
    config = Path(name) / "config.json"
    return _read(config) if config.is_file() else _known().get(_family(name))


def mini_architecture(model: ModelConfig) -> Architecture:
    """Sizes of a base model from nothing."""
    return Architecture(
        hidden=model.hidden,
        layers=model.layers,
        heads=model.heads,
        kv_heads=model.heads,
        head_size=model.hidden // model.heads,
        intermediate=model.intermediate,
        vocabulary=model.vocabulary,
        tied=True,
    )


def _read(path: Path) -> Architecture:
    try:
        config = _HubConfig.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        raise StageError(f"{path} does not describe a decoder: {error}") from error
    return Architecture(
        hidden=config.hidden_size,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads or config.num_attention_heads,
        head_size=config.head_dim or config.hidden_size // config.num_attention_heads,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
        tied=config.tie_word_embeddings,
        attention_bias=config.attention_bias or config.model_type == "qwen2",
        head_norms=config.model_type == "qwen3",
    )


def _family(name: str) -> str:
    return name.rsplit("/", 1)[-1].removesuffix("-Instruct")


@cache
def _known() -> dict[str, Architecture]:
    tables = tomllib.loads(_TABLE.read_text(encoding="utf-8")).values()
    sizes = TypeAdapter(Architecture)
    return {name: sizes.validate_python(table) for table in tables for name in table.pop("names")}
