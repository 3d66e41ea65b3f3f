"""The output: a folder of parts, each with a ledger of its own, and what is needed to go on with it."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.cli.batch.choices import Format
from service.cli.batch.ledger import Ledger, LedgerError, lock, open_ledger
from service.cli.batch.spread.parquet import publish, read_done
from service.cli.batch.spread.parts import PART_ROWS, Part

ORPHAN_S = 60.0
"""How long a part is waited for whose writer was killed: its process goes within seconds."""


@dataclass(frozen=True, slots=True)
class Folder:
    """`parts/` are the results; `failures/` says what failed, and `journal/` holds rows on their way."""

    path: Path
    format: Format

    @contextmanager
    def opened(self) -> Generator[None, None, None]:
        """Keep the folder for this run alone; it is made where there is none."""
        made = self.path / "batch.json"
        if self.path.is_dir() and not made.exists() and any(self.path.iterdir()):
            raise LedgerError(f"{self.path}: is no output of `ctrl batch --engine ray`; name another folder")
        self.path.mkdir(parents=True, exist_ok=True)
        with made.open("a+b") as file:
            lock(file, self.path)
            for name in ("parts", "failures", "journal"):
                (self.path / name).mkdir(exist_ok=True)
            self._check(made)
            yield

    def _check(self, made: Path) -> None:
        wanted = {"format": str(self.format), "part_rows": PART_ROWS}
        text = made.read_text(encoding="utf-8")
        if not text:
            made.write_text(json.dumps(wanted) + "\n", encoding="utf-8")
        elif text != json.dumps(wanted) + "\n":
            raise LedgerError(f"{self.path}: was made as {text.strip()}; ask for that, or another folder")

    @property
    def index(self) -> Path:
        """Which rows repeat others."""
        return self.path / "repeats.sqlite"

    @property
    def wrong(self) -> Path:
        """What rows are no requests, and why."""
        return self.path / "failures" / "wrong.jsonl"

    @property
    def failures(self) -> Path | None:
        """Where failures are, if any stand."""
        folder = self.path / "failures"
        return folder if any(folder.iterdir()) else None

    @contextmanager
    def ledger(self, part: Part) -> Generator[Ledger, None, None]:
        """Open a part's ledger. Its results are in `parts/` when the context ends well."""
        failures = self.path / "failures" / f"{part.name}.jsonl"
        if self.format is Format.JSONL:
            written = self.path / "parts" / f"{part.name}.jsonl"
            with open_ledger(written, failures, patience_s=ORPHAN_S) as ledger:
                yield ledger
            return
        # The journal has the lock, so it is emptied and never removed: somebody may wait for it.
        journal = self.path / "journal" / f"{part.name}.jsonl"
        written = self.path / "parts" / f"{part.name}.parquet"
        with open_ledger(
            journal, failures, elsewhere=lambda: read_done(written), patience_s=ORPHAN_S
        ) as ledger:
            yield ledger
            publish(journal, written)
