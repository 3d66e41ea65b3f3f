"""LoRA adapters without training: what leads from one checkpoint to another, as closely as a rank allows."""

import json
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_PEFT = "base_model.model."

Matrix = NDArray[np.float32]


def write_adapter(base: Path, tuned: Path, rank: int, strength: float, folder: Path) -> Path:
    """Write the best approximation of that rank to the difference of every linear layer, in PEFT's layout.

    With a strength of -1 it leads as far the other way.
    """
    before, after = _weights(base), _weights(tuned)
    tensors: dict[str, Matrix] = {}
    for name in filter(_is_projection, before):
        left, sizes, right = np.linalg.svd(after[name] - before[name], full_matrices=False)
        layer = _PEFT + name.removesuffix(".weight")
        tensors[f"{layer}.lora_A.weight"] = np.ascontiguousarray(right[:rank])
        tensors[f"{layer}.lora_B.weight"] = np.ascontiguousarray(left[:, :rank] * (strength * sizes[:rank]))
    folder.mkdir()
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": list(PROJECTIONS),
    }
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def write_merged(base: Path, adapter: Path, folder: Path) -> Path:
    """Write the checkpoint that the base and its adapter are together, in single precision."""
    weights, tensors = _weights(base), _weights(adapter, "adapter_model.safetensors")
    for name in filter(_is_projection, weights):
        layer = _PEFT + name.removesuffix(".weight")
        weights[name] += tensors[f"{layer}.lora_B.weight"] @ tensors[f"{layer}.lora_A.weight"]
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns("generator.json", "critic.json"))
    save_file(weights, folder / "model.safetensors")
    return folder


def _weights(folder: Path, file: str = "model.safetensors") -> dict[str, Matrix]:
    return {name: tensor.astype(np.float32) for name, tensor in load_file(folder / file).items()}


def _is_projection(name: str) -> bool:
    return name.split(".")[-2] in PROJECTIONS
