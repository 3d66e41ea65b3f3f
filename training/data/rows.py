"""Rows of a data set's files, one at a time: JSON lines (gzipped too), a JSON list, parquet or arrow."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from training.run import StageError

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".parquet", ".arrow")
_COLUMNAR = (".parquet", ".arrow")
_BATCH = 16
"""Rows of a columnar file in memory at once: a problem's tests may be megabytes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row and where it stands; `size_bytes` is how much of the file was read for it."""

    place: str
    fields: Mapping[str, object]
    size_bytes: float = 0.0

    def text(self, name: str) -> str:
        """A field that must be a text; raises `StageError` with its name."""
        value = self.fields.get(name)
        if isinstance(value, str):
            return value
        if value is None:
            raise StageError(
                f"{self.place}: {name} is missing: the row has {', '.join(self.fields) or 'no fields'}. "
                "Is tasks.source right for this file?"
            )
        raise self.wrong(name, "a text", value)

    def optional_text(self, name: str) -> str | None:
        """A text, or None where the field is missing, null or blank."""
        value = self.fields.get(name)
        if value is None or isinstance(value, str):
            return (value or "").strip() or None
        raise self.wrong(name, "a text", value)

    def wrong(self, name: str, wanted: str, found: object) -> StageError:
        """What to raise where a field is of another type than wanted."""
        return StageError(f"{self.place}: {name} must be {wanted}, found {type(found).__name__}")


def data_files(path: Path, setting: str) -> list[Path]:
    """The file at `path`, or the data files in that folder; `setting` is whose value it is, for the error."""
    if not path.exists():
        raise StageError(f"{path} is missing: {setting} must name a file or a folder of them")
    found = _in_folder(path) if path.is_dir() else [path]
    if not found or not _is_data(found[0]):
        raise StageError(f"{path} is or holds no file ending in {', '.join(SUFFIXES)}: see {setting}")
    return found


def read_rows(path: Path) -> Iterator[Row]:
    """Read a file row by row. Raises `StageError` with the line where it is not what its name says."""
    if path.suffix in _COLUMNAR:
        return _columnar(path)
    if path.suffix == ".json" and _starts_a_list(path):
        return _listed(path)
    return _lines(path)


def _in_folder(folder: Path) -> list[Path]:
    """Beside columnar files, JSON describes them (`save_to_disk` of Hugging Face's datasets)."""
    found = sorted(child for child in folder.iterdir() if _is_data(child))
    if any(child.suffix in _COLUMNAR for child in found):
        return [child for child in found if child.suffix != ".json"]
    return found


def _is_data(path: Path) -> bool:
    return path.name.endswith(SUFFIXES)


def _starts_a_list(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip().startswith(b"[")


def _lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as raw:
        if path.suffix != ".gz":
            yield from _objects(path, raw, raw)
            return
        try:
            with gzip.open(raw) as unpacked:
                yield from _objects(path, unpacked, raw)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise StageError(f"{path}: not gzip, or only part of it: {error}") from None


def _objects(path: Path, lines: Iterable[bytes], raw: IO[bytes]) -> Iterator[Row]:
    before = 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            place, read = f"{path}, line {number}", raw.tell()
            yield Row(place, _object(place, _parse(place, line)), read - before)
            before = read


def _listed(path: Path) -> Iterator[Row]:
    values = _parse(str(path), path.read_bytes())
    assert isinstance(values, list)
    for number, value in enumerate(values, 1):
        place = f"{path}, item {number}"
        yield Row(place, _object(place, value), path.stat().st_size / len(values))


def _columnar(path: Path) -> Iterator[Row]:
    # As heavy as the file formats that need it.
    import pyarrow as pa  # noqa: PLC0415

    try:
        number = 0
        for batch, size_bytes in _parquet(path) if path.suffix == ".parquet" else _arrow(path):
            for value in batch:
                number += 1
                yield Row(f"{path}, row {number}", value, size_bytes / len(batch))
    except (pa.ArrowInvalid, OSError) as error:
        raise StageError(f"{path}: not {path.suffix[1:]}: {error}") from None


def _parquet(path: Path) -> Iterator[tuple[list[dict[str, object]], float]]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH):
            yield batch.to_pylist(), path.stat().st_size * batch.num_rows / file.metadata.num_rows


def _arrow(path: Path) -> Iterator[tuple[list[dict[str, object]], float]]:
    import pyarrow as pa  # noqa: PLC0415

    with pa.memory_map(str(path)) as source:
        before = 0
        for whole in pa.ipc.open_stream(source):
            size_bytes, before = source.tell() - before, source.tell()
            for start in range(0, whole.num_rows, _BATCH):
                part = whole.slice(start, _BATCH)
                yield part.to_pylist(), size_bytes * part.num_rows / whole.num_rows


def _parse(place: str, text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StageError(f"{place}: not JSON: {error}") from None


def _object(place: str, value: object) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    raise StageError(f"{place}: must be a JSON object, found {type(value).__name__}")
