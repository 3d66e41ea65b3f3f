"""A model's directory: which files it needs, and what its two configuration files say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from service.adapters.manifest import ManifestError, find_manifest, read_manifest
from service.domain.errors import ModelError

NEEDED_FILES = ("config.json", "model.safetensors", "tokenizer.json")

T = TypeVar("T", bound=BaseModel)


class CheckpointError(ModelError):
    """A checkpoint cannot be served; the message names the file and says what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class RopeParameters(_Part):
    """Rotary embedding as transformers 5 writes it."""

    rope_theta: float = Field(default=10_000.0, gt=0)
    rope_type: Literal["default"] = "default"


class Architecture(_Part):
    """What `config.json` says of a `llama` model. Variants that are not computed here are refused."""

    model_type: Literal["llama"]
    vocab_size: int = Field(gt=0)
    hidden_size: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)
    num_hidden_layers: int = Field(gt=0)
    num_attention_heads: int = Field(gt=0)
    num_key_value_heads: int = Field(default=0, ge=0)
    head_dim: int = Field(default=0, ge=0)
    max_position_embeddings: int = Field(gt=1)
    rms_norm_eps: float = Field(default=1e-6, ge=0)
    rope_theta: float = Field(default=10_000.0, gt=0)
    rope_parameters: RopeParameters | None = None
    rope_scaling: None = None
    tie_word_embeddings: bool = False
    hidden_act: Literal["silu"] = "silu"
    attention_bias: Literal[False] = False
    mlp_bias: Literal[False] = False
    bos_token_id: int | None = None
    eos_token_id: int | list[int] | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, config: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Take what older versions leave out, or write as null, from its neighbours."""
        given = {key: value for key, value in config.items() if value is not None}
        heads, width = given.get("num_attention_heads"), given.get("hidden_size")
        if isinstance(heads, int) and isinstance(width, int) and heads > 0:
            given.setdefault("num_key_value_heads", heads)
            given.setdefault("head_dim", width // heads)
        return given

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        if self.num_key_value_heads < 1 or self.num_attention_heads % self.num_key_value_heads:
            raise ValueError("num_attention_heads must be a multiple of num_key_value_heads")
        if self.head_dim < 2 or self.head_dim % 2:
            raise ValueError("head_dim must be even: rotary embedding turns pairs")
        return self

    @property
    def theta(self) -> float:
        """Return the rotary base, wherever this version of the file keeps it."""
        return self.rope_theta if self.rope_parameters is None else self.rope_parameters.rope_theta


class GenerationDefaults(_Part):
    """What `generation_config.json` says: how these weights want to be decoded."""

    do_sample: bool | None = None
    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    max_new_tokens: int | None = Field(default=None, ge=1)
    eos_token_id: int | list[int] | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A directory that was looked through and can be loaded."""

    path: Path
    architecture: Architecture
    generation: GenerationDefaults
    manifest: Mapping[str, JsonValue]

    @property
    def end_tokens(self) -> frozenset[int]:
        """Return the tokens that end a completion."""
        ids = self.generation.eos_token_id
        ids = self.architecture.eos_token_id if ids is None else ids
        return frozenset([ids] if isinstance(ids, int) else ids or [])


def open_checkpoint(path: Path) -> Checkpoint:
    """Read the small files of a checkpoint and verify the digests its manifest lists."""
    if not path.is_dir():
        raise CheckpointError(
            f"{path} is not a directory: train a checkpoint (`ctrl-train`), or correct the model's path"
        )
    if missing := [name for name in NEEDED_FILES if not (path / name).is_file()]:
        raise CheckpointError(f"{path} lacks {', '.join(missing)}: export the checkpoint again")
    checkpoint = Checkpoint(
        path=path,
        architecture=_read(path / "config.json", Architecture),
        generation=_generation(path / "generation_config.json"),
        manifest=_manifest(path),
    )
    if not checkpoint.end_tokens:
        raise CheckpointError(
            f"{path}: neither generation_config.json nor config.json names an eos_token_id: "
            "completions would never end; export the checkpoint again"
        )
    return checkpoint


def _manifest(path: Path) -> Mapping[str, JsonValue]:
    file = find_manifest(path, role=None)
    if file is None:
        return {}
    try:
        manifest = read_manifest(file)
        manifest.verify(path)
    except ManifestError as error:
        raise CheckpointError(f"{error}; restore the directory, or export the checkpoint again") from error
    return manifest.model_dump(mode="json", by_alias=True)


def _generation(path: Path) -> GenerationDefaults:
    return _read(path, GenerationDefaults) if path.is_file() else GenerationDefaults()


def _read(path: Path, model: type[T]) -> T:
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CheckpointError(
            f"{path}: {where}: {first['msg']}; the embedded engine computes plain llama models, "
            'serve others with vLLM and engine = "openai"'
        ) from error
