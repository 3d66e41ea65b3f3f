"""The output: rows that are done, and beside it those that failed. What is written survives a kill.

Both files are only ever appended to. A line that a kill cut off is cut away when the file is next opened.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from service.cli.batch.rows import Row
from service.cli.files import named

Json = dict[str, Any]

_BEGINNING = b'{"id":'
"""How every row of ours begins, by which a line that was cut off is known."""


class LedgerError(Exception):
    """An output that cannot be gone on with; the message says why."""


class Ledger:
    """The two files of a run."""

    def __init__(self, out: IO[bytes], failures_path: Path, done: dict[str | int, str]):
        self._out = out
        self._done = done
        self.failures_path = failures_path
        self._failed: dict[str | int, Json] = {
            failure["id"]: failure
            for failure in (_read(failures_path, "id") if failures_path.exists() else ())
            if failure["id"] not in done
        }

    def pending(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that are not done."""
        pending = []
        for row in rows:
            if row.id not in self._done:
                pending.append(row)
            elif self._done[row.id] != row.sha256:
                raise LedgerError(
                    f"line {row.line}: id {row.id!r} is done, for another request; "
                    "give the row another id, or write to another file"
                )
        return pending

    def done(self, row: Row, refinement: Json, **more: Any) -> None:
        """Write a result down, and what else is known of it."""
        _append(self._out, {"id": row.id, "request_sha256": row.sha256, "refinement": refinement, **more})
        self._done[row.id] = row.sha256
        self._failed.pop(row.id, None)

    def failed(self, row: Row, error: Json) -> None:
        """Write a failure down; the row is tried again by the next run."""
        failure = {"id": row.id, "line": row.line, "error": error}
        self._failed[row.id] = failure
        with _opened(self.failures_path, "ab") as file:
            _append(file, failure)

    @property
    def failures(self) -> int:
        return len(self._failed)

    def settle(self) -> None:
        """Leave only failures that stand: one line each, or no file."""
        with named(self._out.name):
            os.fsync(self._out.fileno())
        if not self._failed:
            self.failures_path.unlink(missing_ok=True)
            return
        fresh = self.failures_path.with_suffix(".new")
        with _opened(fresh, "wb") as file:
            for failure in self._failed.values():
                _append(file, failure)
        fresh.replace(self.failures_path)


@contextmanager
def open_ledger(
    path: Path,
    failures_path: Path | None = None,
    *,
    elsewhere: Callable[[], Mapping[str | int, str]] = dict,
    patience_s: float = 0.0,
) -> Generator[Ledger, None, None]:
    """Open the output for this run alone, mended and ready to go on with.

    `elsewhere` tells what is done and is not in this file; it is asked under the lock. A writer that
    has been killed, and has not gone yet, is waited for.
    """
    with _opened(path, "a+b") as out:
        lock(out, path, patience_s)
        failures_path = failures_path or path.with_suffix(".failures" + (path.suffix or ".jsonl"))
        done = {row["id"]: row["request_sha256"] for row in read_results(path)}
        ledger = Ledger(out, failures_path, {**elsewhere(), **done})
        # Only now: a file of somebody else's, given by mistake, keeps its last line.
        _mend(path)
        if failures_path.exists():
            _mend(failures_path)
        try:
            yield ledger
        finally:
            ledger.settle()


def lock(file: IO[bytes], path: Path, patience_s: float = 0.0) -> None:
    """Keep others from writing there, until the file is closed or this process ends."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LedgerError(f"{path}: another run is writing there") from None
            time.sleep(0.1)
        else:
            return


def read_results(path: Path) -> Generator[Json, None, None]:
    """Read what is done."""
    return _read(path, "id", "request_sha256")


@contextmanager
def _opened(path: Path, mode: str) -> Generator[IO[bytes], None, None]:
    """Open a file that is written to. What a full disk left over is tried again when it is closed."""
    file = cast(IO[bytes], path.open(mode))
    try:
        yield file
    finally:
        with named(path):
            file.close()


def _append(file: IO[bytes], row: Json) -> None:
    with named(file.name):
        file.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
        file.flush()


def _mend(path: Path) -> None:
    """Cut off a last line that is not whole, if it is one of ours."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        start = _start_of_last_line(file, end)
        file.seek(start)
        last = file.read()
        if not last or last.endswith(b"\n"):
            return
        if not _is_cut(last):
            raise LedgerError(f"{path}: its last line is no result; name another file")
        file.truncate(start)


def _is_cut(line: bytes) -> bool:
    """Whether a line without an end is the beginning of one of ours."""
    return line.startswith(_BEGINNING) or _BEGINNING.startswith(line)


def _start_of_last_line(file: IO[bytes], end: int) -> int:
    """Look backwards for the line feed before what follows the last one."""
    position = end
    while position > 0:
        size = min(65_536, position)
        position -= size
        file.seek(position)
        if (found := file.read(size).rfind(b"\n")) >= 0:
            return position + found + 1
    return 0


def _read(path: Path, *names: str) -> Generator[Json, None, None]:
    """Read rows that have these members at least, but for a last one that was cut off."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n") and _is_cut(line):
                return
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict) or not all(name in row for name in names):
                said = f"{path}, line {number}: is no result; name another file"
                raise LedgerError(said)
            yield row
