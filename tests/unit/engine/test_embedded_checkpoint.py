"""A checkpoint that cannot be served says why, and what to do."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from service.adapters.embedded import EmbeddedModel
from service.adapters.embedded.checkpoint import Architecture, open_checkpoint
from service.adapters.embedded.weights import load_weights
from service.domain.errors import ModelError
from service.domain.templates import CRITIC_TEMPLATE
from tests.engine_checkpoint import write_checkpoint


def change(path: Path, **values: object) -> None:
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | values))


def drop_tensor(path: Path) -> None:
    tensors = load_file(path / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, path / "model.safetensors")


def reshape_tensor(path: Path) -> None:
    tensors = load_file(path / "model.safetensors")
    save_file(tensors | {"model.norm.weight": np.ones(3, np.float32)}, path / "model.safetensors")


def unending(path: Path) -> None:
    change(path / "config.json", eos_token_id=None)
    change(path / "generation_config.json", eos_token_id=None)


def integer_tensor(path: Path) -> None:
    tensors = load_file(path / "model.safetensors")
    save_file(tensors | {"model.norm.weight": np.ones(48, np.int8)}, path / "model.safetensors")


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no weights": (lambda p: (p / "model.safetensors").unlink(), "lacks model.safetensors: export"),
    "truncated weights": (lambda p: (p / "model.safetensors").write_bytes(b"\x10"), "is damaged"),
    "a missing tensor": (drop_tensor, "lacks model.norm.weight"),
    "a tensor of another size": (reshape_tensor, r"is \(3,\), config.json asks for \(48,\)"),
    "a quantised tensor": (integer_tensor, "I8; the embedded engine reads F32, F16 and BF16"),
    "another architecture": (
        lambda p: change(p / "config.json", model_type="qwen2"),
        "serve others with vLLM",
    ),
    "biases": (lambda p: change(p / "config.json", attention_bias=True), "attention_bias"),
    "scaled rotary embedding": (
        lambda p: change(p / "config.json", rope_parameters={"rope_type": "yarn"}),
        "rope_type",
    ),
    "odd heads": (lambda p: change(p / "config.json", num_key_value_heads=4), "multiple"),
    "a configuration that is not JSON": (lambda p: (p / "config.json").write_text("{"), "config.json"),
    "too small a vocabulary": (lambda p: change(p / "config.json", vocab_size=7), "not of one model"),
    "no end of text": (unending, "never end"),
    "a manifest that is not one": (lambda p: (p / "critic.json").write_text("{}"), "critic.json"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_checkpoint_is_refused_by_name_and_cause(tmp_path: Path, case: str) -> None:
    spoil, complaint = BROKEN[case]
    spoil(write_checkpoint(tmp_path))

    with pytest.raises(ModelError, match=complaint) as refusal:
        EmbeddedModel.load("mini", tmp_path)

    assert str(refusal.value).startswith("model 'mini': ")
    assert str(tmp_path) in str(refusal.value)


def test_a_missing_directory_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="ctrl-train"):
        EmbeddedModel.load("mini", tmp_path / "nowhere")


def manifest(path: Path, **files: str) -> None:
    told = {
        "schema": 1,
        "name": "mini",
        "role": "critic",
        "template": {"id": CRITIC_TEMPLATE.id},
        "files": {name.replace("_", "."): digest for name, digest in files.items()},
    }
    (path / "critic.json").write_text(json.dumps(told))


def test_weights_that_match_their_manifest_load_with_it(checkpoint: Path, tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path)
    manifest(path, config_json=hashlib.sha256((path / "config.json").read_bytes()).hexdigest())

    assert EmbeddedModel.load("mini", path).manifest["role"] == "critic"
    assert EmbeddedModel.load("mini", checkpoint).manifest == {}


def test_weights_that_do_not_match_their_manifest_are_refused(tmp_path: Path) -> None:
    manifest(write_checkpoint(tmp_path), model_safetensors="0" * 64)

    with pytest.raises(ModelError, match="SHA-256"):
        EmbeddedModel.load("mini", tmp_path)


def test_the_rotary_base_is_found_where_either_version_keeps_it() -> None:
    config = {
        "model_type": "llama",
        "vocab_size": 8,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 16,
    }

    assert Architecture.model_validate(config | {"rope_theta": 7.0}).theta == 7
    assert Architecture.model_validate(config | {"rope_parameters": {"rope_theta": 9.0}}).theta == 9
    assert Architecture.model_validate(config).num_key_value_heads == 2
    assert Architecture.model_validate(config).head_dim == 4


@pytest.mark.parametrize("kind", ["F16", "BF16"])
def test_half_precision_weights_are_widened(tmp_path: Path, kind: str) -> None:
    path = write_checkpoint(tmp_path)
    whole = load_weights(path / "model.safetensors", open_checkpoint(path).architecture)
    write_halved(path / "model.safetensors", kind)

    half = load_weights(path / "model.safetensors", open_checkpoint(path).architecture)

    assert half.head.dtype == np.float32
    np.testing.assert_allclose(half.head, whole.head, rtol=0.02, atol=1e-3)


def write_halved(path: Path, kind: str) -> None:
    """Write the format by hand: numpy, and so the library for it, has no bfloat16."""
    header: dict[str, object] = {}
    body = b""
    for name, tensor in load_file(path).items():
        start, body = len(body), body + as_bytes(tensor, kind)
        header[name] = {"dtype": kind, "shape": tensor.shape, "data_offsets": [start, len(body)]}
    told = json.dumps(header).encode()
    path.write_bytes(len(told).to_bytes(8, "little") + told + body)


def as_bytes(tensor: np.ndarray, kind: str) -> bytes:
    if kind == "F16":
        return tensor.astype(np.float16).tobytes()
    return (tensor.view(np.uint32) >> 16).astype(np.uint16).tobytes()
