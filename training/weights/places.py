"""Where weights are: a folder, or a model of the hub. Nothing heavy is imported to name them."""

import re
from dataclasses import dataclass
from pathlib import Path

from training.errors import StageError

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class Weights:
    """`name` is a folder or a hub id, as transformers takes it; `revision` belongs to a hub id."""

    name: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.name if self.revision is None else f"{self.name}@{self.revision}"

    @property
    def is_local(self) -> bool:
        """Whether the name is that of a folder."""
        return Path(self.name).is_dir()

    def cached(self) -> Path | None:
        """Where the files are on this machine; None for a model of the hub that was never loaded here."""
        if self.is_local:
            return Path(self.name)
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - slow, and only for the hub
        from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

        try:
            return Path(snapshot_download(self.name, revision=self.revision, local_files_only=True))
        except LocalEntryNotFoundError:
            return None


def configured_weights(name: str, revision: str | None) -> Weights:
    """Tell a folder from a hub id; raises `StageError` for what is neither."""
    if (Path(name) / "config.json").is_file():
        return Weights(name)
    if Path(name).exists() or not _HUB_ID.fullmatch(name) or name.startswith("."):
        raise StageError(
            f"base: {name} is no folder with a config.json, nor a model of the hub such as "
            "Qwen/Qwen2.5-Coder-7B-Instruct: correct `base` in the configuration"
        )
    return Weights(name, revision)
