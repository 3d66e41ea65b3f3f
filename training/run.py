"""A run's folder: what each stage leaves there, and how a killed run goes on."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.config import TrainConfig
from training.errors import StageError
from training.stages import STAGES
from training.tasks.records import read_jsonl, write_jsonl
from training.weights.places import Weights, configured_weights
from training.whole import write_whole

__all__ = ["Record", "Run", "StageError"]

Record = dict[str, object]

CHUNK = 1000
"""Records that a killed stage may lose."""

_SECTIONS = (
    *("seed", "base", "revision", "model", "pretrain"),
    *("tasks", "solve", "synthesize", "sft", "grpo", "export", "sizes", "evaluate"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """Paths of one run. Every file appears whole or not at all."""

    config: TrainConfig

    @property
    def out(self) -> Path:
        return self.config.out

    def file(self, name: str) -> Path:
        """A file of the run by name."""
        return self.out / name

    def made(self, name: str) -> Path:
        """A file or folder that an earlier stage leaves; raises `StageError` where it is missing."""
        path = self.file(name)
        if not path.exists():
            raise StageError(
                f"{path} is missing: run the stages before this one, or all with `ctrl-train run`"
            )
        return path

    def base(self) -> Weights:
        """Load the base model from this: what the configuration names, or what stage `base` made."""
        if self.config.base is None:
            return Weights(str(self.made("base")))
        return configured_weights(self.config.base, self.config.revision)

    def is_done(self, stage: str) -> bool:
        """Whether a stage has finished under this configuration, as far as it matters to the stage."""
        path = self._marker(stage)
        return path.is_file() and json.loads(path.read_text())["config_sha256"] == self.config_sha256(stage)

    def mark_done(self, stage: str, seconds: float) -> None:
        """Write down that a stage has finished: in how many seconds, and under which configuration."""
        record = {"stage": stage, "seconds": round(seconds, 1), "config_sha256": self.config_sha256(stage)}
        config = {"config": self.config.model_dump(mode="json")}
        write_whole(self._marker(stage), json.dumps(record | config, indent=1))
        self.forget(stage)

    def forget(self, stage: str) -> None:
        """Drop what a stage has so far, so that it begins anew."""
        shutil.rmtree(self.unfinished(stage), ignore_errors=True)
        self.clock(stage).unlink(missing_ok=True)

    def config_sha256(self, stage: str) -> str:
        """Hash of the part of the configuration that matters to a stage."""
        matters = _SECTIONS[: _SECTIONS.index(STAGES[stage]) + 1]
        tree = self.config.model_dump(mode="json", include=set(matters))
        said = {name: part for name, part in tree.items() if part is not None}
        text = json.dumps(said, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def unfinished(self, stage: str) -> Path:
        """Where a stage keeps what it has so far; another configuration never goes on from it."""
        return self.out / f"{stage}.{self.config_sha256(stage)[:8]}"

    def clock(self, stage: str) -> Path:
        """Where the seconds that an unfinished stage has taken are written down."""
        folder = self.unfinished(stage)
        return folder.with_name(f"{folder.name}.seconds")

    def _marker(self, stage: str) -> Path:
        return self.out / f"{stage}.done.json"

    def records(self, name: str) -> list[Record]:
        """All lines of a finished stage's output."""
        return list(read_jsonl(self.made(name)))

    def in_chunks(
        self,
        stage: str,
        name: str,
        records: Sequence[Record],
        work: Callable[[Sequence[Record]], list[Record]],
    ) -> None:
        """Apply `work` chunk by chunk, each chunk kept as it is made; then join them under `name`."""
        chunks = [records[start : start + CHUNK] for start in range(0, len(records), CHUNK)]
        folder = self.unfinished(stage)
        for number, chunk in enumerate(chunks):
            path = folder / f"{number:05}.jsonl"
            if not path.is_file():
                write_jsonl(path, work(chunk))
        write_jsonl(self.file(name), _joined(folder, len(chunks)))


def _joined(folder: Path, count: int) -> Iterator[Record]:
    for number in range(count):
        yield from read_jsonl(folder / f"{number:05}.jsonl")
