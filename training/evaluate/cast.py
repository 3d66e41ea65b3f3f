"""The models of a run, each loaded once and only when it is asked for."""

import json
import struct
from pathlib import Path

from service.domain.chat import Sampling
from training.evaluate.critics import ModelReviewer
from training.evaluate.remembering import RememberingWriter
from training.evaluate.rows import MAIN
from training.generation import TransformersWriter, Writer
from training.run import Run

_CRITIQUE_TOKENS = 256
PAPER = Sampling(temperature=0.7, top_p=0.8, max_tokens=_CRITIQUE_TOKENS)
"""How the paper samples critiques (C.4)."""
GREEDY = Sampling(temperature=0.0, max_tokens=_CRITIQUE_TOKENS)

_ROLES = ("base", "critic", "critic-rl")


class Cast:
    """Paths and writers by role and size; `MAIN` is the run's own model."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._writers: dict[Path, Writer] = {}

    def path(self, role: str, size: str = MAIN) -> Path:
        """Folder of a role (`base`, `critic`, `critic-rl`); raises `StageError` where it is missing."""
        return self._run.made(role if size == MAIN else f"sizes/{size}/{role}")

    def has(self, role: str, size: str = MAIN) -> bool:
        """Whether the run made it."""
        return self._run.file(role if size == MAIN else f"sizes/{size}/{role}").is_dir()

    def stamp(self) -> str:
        """Which weights these are, by size and age of their files: others need another evaluation."""
        folders = [self._run.file(role) for role in _ROLES] + list(self.other_seeds().values())
        folders += [
            self._run.file(f"sizes/{size}/{role}") for size in self._run.config.sizes for role in _ROLES
        ]
        files = [path for folder in folders for path in sorted(folder.glob("*.safetensors"))]
        return "\n".join(f"{f} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files)

    def sizes(self, role: str) -> list[str]:
        """The sizes that have a role, the smallest model first."""
        sizes = [size for size in (MAIN, *self._run.config.sizes) if self.has(role, size)]
        return sorted(sizes, key=lambda size: parameters(self.path(role, size)))

    def other_seeds(self) -> dict[int, Path]:
        """Critics that reinforcement made under the other seeds."""
        paths = {seed: self._run.file(f"grpo/seed-{seed}/critic") for seed in self._run.config.grpo.seeds[1:]}
        return {seed: path for seed, path in paths.items() if path.is_dir()}

    def writer(self, path: Path) -> Writer:
        """A model that writes."""
        if path not in self._writers:
            self._writers[path] = RememberingWriter(TransformersWriter(path))
        return self._writers[path]

    def critic(self, path: Path, sampling: Sampling = PAPER, *, hinted: bool = False) -> ModelReviewer:
        """A model that reviews."""
        return ModelReviewer(self.writer(path), sampling, hinted)


def parameters(folder: Path) -> int:
    """How many numbers a checkpoint's safetensors hold, read from their headers alone."""
    return sum(map(_numbers, sorted(folder.glob("*.safetensors"))))


def _numbers(path: Path) -> int:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            size = 1
            for dimension in tensor["shape"]:
                size *= dimension
            total += size
    return total
