"""A run's folder: what each stage leaves there, and how a killed run goes on."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.config import TrainConfig
from training.errors import StageError
from training.marker import Marker
from training.stages import READS, STAGES
from training.tasks.records import read_jsonl, write_jsonl
from training.weights.places import Weights, configured_weights

__all__ = ["Record", "Run", "StageError"]

Record = dict[str, object]

CHUNK = 1000
"""Records that a killed stage may lose."""

_SECTIONS = (
    *("seed", "base", "revision", "model", "pretrain"),
    *("tasks", "solve", "synthesize", "sft", "screen", "grpo", "export", "sizes", "evaluate"),
)
_ENGINES = {"generator": "solve", "sft": "screen", "critic": "evaluate"}
"""Engine → the first section that asks it. Its model matters from there on; where it is served does not."""


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
        """Whether a stage has finished, and what it left still counts."""
        return self._marker(stage) is not None and self.outdated(stage) is None

    def outdated(self, stage: str) -> str | None:
        """Why what a finished stage left counts no longer; None where it does, or where there is nothing.

        It counts under the configuration that it was made under, as far as that matters to the stage, and as
        long as no stage that it reads has run again.
        """
        marker = self._marker(stage)
        if marker is None:
            return None
        if marker.config_sha256 != self.config_sha256(stage):
            return "under another configuration"
        marks = self._marks(stage)
        for read in self._reads(stage):
            if marker.reads.get(read) != marks.get(read):
                return f"{read} has run again since, or was undone"
            if self.outdated(read):
                return f"{read} has to run again"
        return None

    def stale(self, stage: str) -> dict[str, str]:
        """Why what a stage would read counts no longer, by the stage that left it."""
        return {read: why for read in self._reads(stage) if (why := self.outdated(read))}

    def mark_done(self, stage: str, seconds: float) -> None:
        """Write down that a stage has finished: in how many seconds, under which configuration, on what."""
        marker = Marker(stage, round(seconds, 1), self.config_sha256(stage), self._marks(stage))
        marker.write(self._marker_file(stage), self.config.model_dump(mode="json"))
        self.forget(stage)

    def undo(self, stage: str) -> None:
        """Let a stage count as never run."""
        self._marker_file(stage).unlink(missing_ok=True)
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
        models = {
            role: engine.model
            for role, engine in self.config.engines
            if engine is not None and _ENGINES[role] in matters
        }
        return _sha256(said | ({"models": models} if models else {}))

    def unfinished(self, stage: str) -> Path:
        """Where a stage keeps what it has so far; other settings or inputs never go on from it."""
        config, marks = self.config_sha256(stage), self._marks(stage)
        key = _sha256({"config": config, "reads": marks}) if marks else config
        return self.out / f"{stage}.{key[:8]}"

    def clock(self, stage: str) -> Path:
        """Where the seconds that an unfinished stage has taken are written down."""
        folder = self.unfinished(stage)
        return folder.with_name(f"{folder.name}.seconds")

    def _marker(self, stage: str) -> Marker | None:
        return Marker.read(self._marker_file(stage))

    def _marker_file(self, stage: str) -> Path:
        return self.out / f"{stage}.done.json"

    def _reads(self, stage: str) -> list[str]:
        """The stages that this one reads, less those that have nothing to do in this run."""
        return [read for read in READS[stage] if getattr(self.config, STAGES[read]) is not None]

    def _marks(self, stage: str) -> dict[str, str]:
        """The mark of each stage that this one reads, as far as it has one."""
        markers = {read: self._marker(read) for read in self._reads(stage)}
        return {read: marker.mark for read, marker in markers.items() if marker and marker.mark}

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


def _sha256(record: Record) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _joined(folder: Path, count: int) -> Iterator[Record]:
    for number in range(count):
        yield from read_jsonl(folder / f"{number:05}.jsonl")
