"""The folder of a spread batch: one writer a part, and results that a kill neither loses nor doubles."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="needs pyarrow: pip install '.[ray]'")

import pyarrow.parquet as pq

from service.cli.batch.choices import Format
from service.cli.batch.ledger import LedgerError, open_ledger
from service.cli.batch.rows import Row
from service.cli.batch.spread.folder import Folder
from service.cli.batch.spread.parquet import publish, read_done
from service.cli.batch.spread.parts import Part
from service.cli.batch.spread.repeats import Asked, Repeat, new_index, repeats_in

PART = Part(0, Path("in.jsonl"), 0, [1, 2, 3], [b"", b"", b""])


def _row(line: int, row_id: str | int) -> Row:
    return Row(line, row_id, f"sha of {row_id!r}", dict)


def _published(folder: Folder) -> list[Any]:
    rows = pq.read_table(folder.path / "parts" / "in.jsonl-000000.parquet").to_pylist()
    return [json.loads(row["id"]) for row in rows]


def test_rows_that_failed_join_the_parquet_part_when_they_are_done(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out", Format.PARQUET)
    with folder.opened():
        with folder.ledger(PART) as ledger:
            ledger.done(_row(1, 1), {"solution": "a"})
            ledger.failed(_row(2, "1"), {"title": "gone"})
        first, failures = _published(folder), folder.failures
        with folder.ledger(PART) as ledger:
            (pending,) = ledger.pending([_row(1, 1), _row(2, "1")])
            ledger.done(pending, {"solution": "b"})

        assert (first, _published(folder)) == ([1], [1, "1"])
        assert failures is not None
        assert folder.failures is None


def test_a_kill_while_a_part_is_published_doubles_no_row(tmp_path: Path) -> None:
    journal, part = tmp_path / "journal.jsonl", tmp_path / "part.parquet"
    with open_ledger(journal) as ledger:
        ledger.done(_row(1, 1), {})
    shutil.copy(journal, tmp_path / "as it was")
    publish(journal, part)
    assert journal.read_bytes() == b""
    shutil.copy(tmp_path / "as it was", journal)  # the part was replaced, the journal not yet emptied

    publish(journal, part)

    assert pq.read_table(part).num_rows == 1
    assert read_done(part) == {1: "sha of 1"}


def test_a_part_has_one_writer(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with (
        open_ledger(out),
        pytest.raises(LedgerError, match="another run is writing there"),
        open_ledger(out, patience_s=0.2),
    ):
        pass


def _refusal(folder: Folder) -> str:
    with pytest.raises(LedgerError) as refused, folder.opened():
        pass
    return str(refused.value)


def test_a_folder_is_gone_on_with_as_it_was_made(tmp_path: Path) -> None:
    made, notes = Folder(tmp_path / "out", Format.JSONL), tmp_path / "mine" / "notes"
    notes.parent.mkdir()
    notes.touch()
    with made.opened():
        assert "another run is writing there" in _refusal(made)

    assert "was made as" in _refusal(Folder(made.path, Format.PARQUET))
    assert "is no output of" in _refusal(Folder(notes.parent, Format.JSONL))
    assert list(notes.parent.iterdir()) == [notes]


def test_repeats_are_counted_in_the_order_of_the_input(tmp_path: Path) -> None:
    path = tmp_path / "repeats.sqlite"
    with new_index(path) as index:
        index.add(1, [Asked('"sha256:a"', named=False, line=1), Asked("7", named=True, line=2)])
        index.add(0, [Asked("7", named=True, line=4), Asked('"7"', named=True, line=5)])
        index.add(0, [Asked('"sha256:a"', named=False, line=line) for line in (9, 3)])
        index.settle()
        same = list(index.same_ids())

    assert same == [Repeat(1, 2, 7, 0, 4)]
    assert repeats_in(path, 0, [3, 9]) == {9: 2}
    assert repeats_in(path, 1, [1, 2]) == {1: 3, 2: 2}
    assert repeats_in(path, 1, [2]) == {2: 2}
