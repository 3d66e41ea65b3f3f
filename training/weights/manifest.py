"""What weights say of themselves: digests, origin, and a manifest that appears whole or not at all."""

import hashlib
import json
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from training.run import Record
from training.whole import write_whole

_PACKAGES = ("accelerate", "ctrl-refine", "deepspeed", "peft", "torch", "transformers", "trl", "vllm")
_WEIGHTS = ("model.safetensors", "adapter_model.safetensors")


def write_manifest(target: Path, role: str, changes: Record) -> None:
    """Write a manifest (`changes` then has its schema), or update the one that is there."""
    path = target / f"{role}.json"
    known: Record = json.loads(path.read_text()) if path.is_file() and "schema" not in changes else {}
    write_whole(path, json.dumps(known | changes, indent=1, ensure_ascii=False) + "\n")


def sha256(path: Path) -> str:
    """Hash of a file, read piece by piece: a shard is larger than a machine's memory may be."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_sha256(folder: Path) -> str | None:
    """Hash of a model's weights: that of the one file, or of the list of the shards' hashes and names.

    The list is what `sha256sum *.safetensors` prints. None where the folder holds no weights.
    """
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return sha256(folder / name)
    shards = sorted(folder.glob("*.safetensors"))
    listing = "".join(f"{sha256(shard)}  {shard.name}\n" for shard in shards)
    return hashlib.sha256(listing.encode()).hexdigest() if shards else None


def digests(folder: Path) -> dict[str, str]:
    """Hash of every file of a folder, by name."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir())}


def commit() -> str | None:
    """The commit that the code is at, None outside a checkout."""
    git = shutil.which("git")
    if git is None:
        return None
    answer = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def versions() -> dict[str, str]:
    """Versions of the packages that trained the weights, as far as they are installed."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
