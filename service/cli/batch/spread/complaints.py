"""What is wrong with rows: all of it in a file, the first of it on the screen."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.text import Text

from service.cli.batch.rows import COMPLAINTS


@dataclass(slots=True)
class Complaints:
    """The file, and how many lines it has."""

    sources: Sequence[Path]
    file: IO[str]
    console: Console
    count: int = 0

    def add(self, source: int, line: int, message: str) -> None:
        path = str(self.sources[source])
        error = {"title": "The row is no request", "detail": message}
        self.file.write(json.dumps({"source": path, "line": line, "error": error}) + "\n")
        self.count += 1
        if self.count <= COMPLAINTS:
            self.console.print(Text(f"{path}, line {line}: {message}"), soft_wrap=True)


@contextmanager
def complaints(path: Path, sources: Sequence[Path], console: Console) -> Generator[Complaints, None, None]:
    """Gather what is wrong now; without anything wrong there is no file."""
    new = path.with_suffix(".new")
    try:
        with new.open("w", encoding="utf-8") as file:
            gathered = Complaints(sources, file, console)
            yield gathered
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    if gathered.count > COMPLAINTS:
        console.print(Text(f"… and {gathered.count - COMPLAINTS} more lines: {path}"), soft_wrap=True)
    if not gathered.count:
        path.unlink()
