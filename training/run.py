"""A run's folder: what each stage leaves there, and how a killed run goes on."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.config import TrainConfig
from training.tasks.records import read_jsonl, write_jsonl

Record = dict[str, object]


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

    def is_done(self, stage: str) -> bool:
        """Whether a stage has finished under this very configuration."""
        path = self._marker(stage)
        return path.is_file() and json.loads(path.read_text())["config_sha256"] == self.config_sha256

    def mark_done(self, stage: str, started: float) -> None:
        """Write down that a stage has finished, with the configuration it ran under."""
        seconds = round(time.time() - started, 1)
        record = {"stage": stage, "seconds": seconds, "config_sha256": self.config_sha256}
        self._marker(stage).write_text(
            json.dumps(record | {"config": self.config.model_dump(mode="json")}, indent=1)
        )

    @property
    def config_sha256(self) -> str:
        """Hash of the resolved configuration."""
        text = json.dumps(self.config.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _marker(self, stage: str) -> Path:
        return self.out / f"{stage}.done.json"

    def records(self, name: str) -> list[Record]:
        """All lines of a finished stage's output."""
        return list(read_jsonl(self.file(name)))

    def in_chunks(
        self,
        name: str,
        records: Sequence[Record],
        size: int,
        work: Callable[[Sequence[Record]], list[Record]],
    ) -> None:
        """Apply `work` chunk by chunk, each chunk kept as it is made; then join them under `name`."""
        chunks = [records[start : start + size] for start in range(0, len(records), size)]
        folder = self.out / f"{name}.chunks"
        for number, chunk in enumerate(chunks):
            path = folder / f"{number:05}.jsonl"
            if not path.is_file():
                write_jsonl(path, work(chunk))
        write_jsonl(self.file(name), _joined(folder, len(chunks)))


def _joined(folder: Path, count: int) -> Iterator[Record]:
    for number in range(count):
        yield from read_jsonl(folder / f"{number:05}.jsonl")
