"""Kept records on disk until all are read: a set with its tests may not fit into memory."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from training.tasks.mini import Split


class Spool:
    """Records added in the order of the files and read by split, in the order of their ranks."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._places: dict[Split, list[tuple[float, int]]] = {
            split: [] for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)
        }

    def __enter__(self) -> Self:
        self._file: IO[bytes] = self._path.open("wb+")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink()

    def add(self, record: dict[str, object], split: Split, rank: float) -> None:
        """Keep a record."""
        self._places[split].append((rank, self._file.tell()))
        self._file.write(json.dumps(record).encode() + b"\n")

    def discard(self, split: Split, is_unfit: Callable[[dict[str, object]], bool]) -> None:
        """Keep the records of a split that are not unfit."""
        kept = []
        for rank, place in self._places[split]:
            if not is_unfit(self._at(place)):
                kept.append((rank, place))
        self._places[split] = kept

    def count(self, split: Split) -> int:
        """How many records a split has."""
        return len(self._places[split])

    def records(self, split: Split, limit: int | None = None) -> Iterator[dict[str, object]]:
        """The split's first `limit` records, all of them where that is None."""
        for _, place in sorted(self._places[split])[:limit]:
            yield self._at(place)

    def _at(self, place: int) -> dict[str, object]:
        self._file.seek(place)
        record: dict[str, object] = json.loads(self._file.readline())
        return record
