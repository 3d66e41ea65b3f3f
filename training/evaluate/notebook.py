"""What an evaluation has found so far: each part is kept as it is finished, so a killed one goes on."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from training.run import Record
from training.whole import write_whole


class Notebook:
    """A folder with one JSON file for each finished part."""

    def __init__(self, folder: Path, stamp: str) -> None:
        """`stamp` names what is evaluated: parts that were found under another one are dropped."""
        self.folder = folder
        known = folder / "stamp.txt"
        if known.is_file() and known.read_text(encoding="utf-8") != stamp:
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        known.write_text(stamp, encoding="utf-8")
        self._console = Console(stderr=True, highlight=False)
        self.seconds: dict[str, float] = {}
        """Wall clock of each part asked for, of whichever run it was made in."""

    def part(self, name: str, work: Callable[[], Record]) -> Record:
        """Return a part as it was written down, or do the work and write it down whole."""
        path = self.folder / f"{name}.json"
        if not path.is_file():
            started = time.monotonic()
            found = work()
            seconds = round(time.monotonic() - started, 1)
            write_whole(path, json.dumps({"seconds": seconds, "content": found}, separators=(",", ":")))
            self._console.print(f"{len(self.seconds) + 1:3}. {name}: {seconds:.0f} s")
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.seconds[name] = record["seconds"]
        content: Record = record["content"]
        return content
