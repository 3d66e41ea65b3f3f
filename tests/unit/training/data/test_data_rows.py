import gzip
import json
from pathlib import Path

import pytest

from training.data.rows import data_files, read_rows
from training.run import StageError

ROWS: list[dict[str, object]] = [{"n": 1, "text": "é"}, {"n": 2, "text": "b"}]
LINES = "".join(json.dumps(row) + "\n\n" for row in ROWS)


def columnar(path: Path) -> Path:
    pa = pytest.importorskip("pyarrow", reason="needs the training extra")
    table = pa.Table.from_pylist(ROWS)
    if path.suffix == ".parquet":
        from pyarrow import parquet  # noqa: PLC0415 - part of the extra

        parquet.write_table(table, path)
        return path
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "list.json", "a.jsonl.gz", "a.parquet", "a.arrow"])
def test_every_kind_of_file_gives_the_same_rows_and_accounts_for_its_size(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix in (".parquet", ".arrow"):
        columnar(path)
    elif name == "list.json":
        path.write_text(json.dumps(ROWS), encoding="utf-8")
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(LINES.encode()))
    else:
        path.write_text(LINES, encoding="utf-8")

    rows = list(read_rows(path))

    assert [row.fields for row in rows] == ROWS
    assert 0 < sum(row.size_bytes for row in rows) <= path.stat().st_size + 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"n": 1}\n{"n": \n', r"line 2: not JSON"),
        ('{"n": 1}\n\n[1]\n', r"line 3: must be a JSON object, found list"),
    ],
)
def test_a_line_that_is_no_row_is_named_by_its_number(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(StageError, match=rf"bad.jsonl, {complaint}"):
        list(read_rows(path))


@pytest.mark.parametrize("name", ["bad.jsonl.gz", "bad.parquet", "bad.arrow"])
def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path, name: str) -> None:
    if "gz" not in name:
        pytest.importorskip("pyarrow", reason="needs the training extra")
    path = tmp_path / name
    path.write_text("plain text, and enough of it to be taken for a header", encoding="utf-8")

    with pytest.raises(StageError, match=rf"{name}: not "):
        list(read_rows(path))


def test_half_a_gzip_file_is_no_short_one(tmp_path: Path) -> None:
    path = tmp_path / "half.jsonl.gz"
    path.write_bytes(gzip.compress(LINES.encode())[:-12])

    with pytest.raises(StageError, match=r"half.jsonl.gz: not gzip, or only part of it"):
        list(read_rows(path))


def test_a_folder_gives_its_data_files_in_order_and_no_others(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.parquet", "README.md"):
        (tmp_path / name).touch()

    assert [path.name for path in data_files(tmp_path, "tasks.path")] == ["a.parquet", "b.jsonl"]


def test_a_path_without_data_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()

    with pytest.raises(StageError, match=r"nowhere is missing: tasks.path must name"):
        data_files(tmp_path / "nowhere", "tasks.path")
    with pytest.raises(StageError, match=r"no file ending in .jsonl.*: see tasks.evaluation"):
        data_files(tmp_path, "tasks.evaluation")
    with pytest.raises(StageError, match=r"notes.txt is or holds no file ending in"):
        data_files(tmp_path / "notes.txt", "tasks.path")
