"""An input of any size, cut into parts: the unit that one actor works on, with a ledger of its own."""

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol

from service.cli.exits import UsageError

PART_ROWS = 256
"""How many lines a part has. Results are found again by it, so another number needs another folder."""

SPAN_BYTES = 16_000_000

JSON_LINES = frozenset({".jsonl", ".ndjson"})
PARQUET = ".parquet"


@dataclass(frozen=True, slots=True)
class Part:
    """Up to PART_ROWS lines of one source."""

    source: int
    """Which of the sources; a number, because an index holds one for each row."""
    path: Path
    number: int
    lines: list[int]
    """Counted from 1. Of Parquet: rows."""
    texts: list[bytes]

    @property
    def name(self) -> str:
        return f"{self.path.name}-{self.number:06d}"


class Span(Protocol):
    """Parts that follow each other in one source, and are read in one go."""

    def parts(self) -> Iterator[Part]: ...


@dataclass(frozen=True, slots=True)
class Lines:
    """A span of JSON lines."""

    source: int
    path: Path
    first_line: int
    offset: int
    size_bytes: int

    def parts(self) -> Iterator[Part]:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            yield from parts_of(self.source, self.path, _numbered(file, self.first_line, self.size_bytes))


def find_sources(pattern: str) -> list[Path]:
    """Find what is meant by a file, a folder or a pattern such as `in/*.parquet`."""
    path = Path(pattern)
    if path.is_dir():
        found = [file for file in path.iterdir() if file.suffix in JSON_LINES | {PARQUET}]
    elif path.is_file():
        found = [path]
    else:
        found = [file for name in glob.iglob(pattern, recursive=True) if (file := Path(name)).is_file()]  # noqa: PTH207 - a path may be absolute
    if not found:
        raise UsageError(f"IN: there is no .jsonl, .ndjson or .parquet file at {pattern}")
    for name, files in groupby(sorted(found, key=_name), key=_name):
        if len(same := list(files)) > 1:
            raise UsageError(
                f"IN: {same[0]} and {same[1]} are both called {name}; results are kept by name, so rename one"
            )
    return sorted(found, key=_name)


def spans_of_lines(source: int, path: Path) -> Iterator[Lines]:
    """Cut a file where parts begin, by one pass over it that keeps nothing."""
    first, start, end = 1, 0, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            end += len(line)
            if number % PART_ROWS == 0 and end - start >= SPAN_BYTES:
                yield Lines(source, path, first, start, end - start)
                first, start = number + 1, end
    if end > start:
        yield Lines(source, path, first, start, end - start)


def parts_of(
    source: int, path: Path, numbered: Iterable[tuple[int, bytes]], before: tuple[int, int] = (0, 0)
) -> Iterator[Part]:
    """Gather lines to parts. `before` says how many lines, in how many parts, precede what is numbered."""
    lines_before, parts_before = before
    for number, rows in groupby(numbered, key=lambda row: (row[0] - 1 - lines_before) // PART_ROWS):
        lines, texts = zip(*rows, strict=True)
        yield Part(source, path, parts_before + number, list(lines), list(texts))


def _numbered(file: Iterable[bytes], first_line: int, size_bytes: int) -> Iterator[tuple[int, bytes]]:
    left = size_bytes
    for number, line in enumerate(file, start=first_line):
        if left <= 0:
            return
        left -= len(line)
        if line.strip():
            yield number, line


def _name(path: Path) -> str:
    return path.name
