"""A trained model's files, in the form that a server loads: whole, merged, or an adapter as it is."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import load_file, save_file

from training.weights.loading import ADAPTER, merged, saved_dtype
from training.weights.places import Weights

_WEIGHTS = "model.safetensors"
_BESIDE = ("*.json", "*.jinja", "*.txt")
"""Configuration, tokenizer and template."""
_MANIFESTS = ("critic.json", "generator.json")
"""Of the weights before these."""


@contextmanager
def hand_over(source: Path, target: Path, *, half: bool, merge: bool) -> Iterator[Path]:
    """Write the files of `source` to a folder that becomes `target` once the caller has added what it wants.

    `half` casts to fp16, which the mini models stand (the error is far below sampling noise); others keep
    their own format. `merge` adds an adapter to its base; a whole model is copied either way.
    """
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if merge and (source / ADAPTER).is_file():
        _merge(source, partial)
    else:
        _copy(source, partial, ("*.safetensors", *_BESIDE))
    if half and (partial / _WEIGHTS).is_file():
        _halve(partial)
    yield partial
    shutil.rmtree(target, ignore_errors=True)
    partial.replace(target)


def _copy(source: Path, target: Path, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        for path in sorted(source.glob(pattern)):
            if path.name not in _MANIFESTS and not (target / path.name).exists():
                shutil.copyfile(path, target / path.name)


def _merge(adapter: Path, target: Path) -> None:
    """Write the merged model in its base's own format, with the tokenizer of the adapter."""
    model = merged(adapter, saved_dtype(Weights(str(adapter))))
    model.save_pretrained(target)
    _copy(adapter, target, _BESIDE)
    (target / ADAPTER).unlink()


def _halve(folder: Path) -> None:
    half = {name: tensor.half() for name, tensor in load_file(folder / _WEIGHTS).items()}
    save_file(half, folder / _WEIGHTS, metadata={"format": "pt"})
    (folder / _WEIGHTS).chmod(0o644)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "float16"}, indent=1) + "\n")
