"""An input in parts: each row is in one of them, under its own number, however it is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.cli.batch.spread import parts
from service.cli.batch.spread.parts import PART_ROWS, find_sources, spans_of_lines
from service.cli.exits import UsageError


def _lines(count: int) -> bytes:
    return b"".join(b'{"id": %d}\n' % number for number in range(1, count + 1))


@pytest.mark.parametrize("span_bytes", [1, 10_000, 16_000_000])
def test_every_line_is_in_one_part_under_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, span_bytes: int
) -> None:
    monkeypatch.setattr(parts, "SPAN_BYTES", span_bytes)
    source = tmp_path / "in.jsonl"
    source.write_bytes(_lines(2 * PART_ROWS) + b"\n  \n" + b'{"id": %d}' % (2 * PART_ROWS + 3))

    read = [part for span in spans_of_lines(0, source) for part in span.parts()]

    rows = [row for part in read for row in zip(part.lines, part.texts, strict=True)]
    assert [part.name for part in read] == [f"in.jsonl-{number:06d}" for number in range(3)]
    assert [line for line, _ in rows] == [*range(1, 2 * PART_ROWS + 1), 2 * PART_ROWS + 3]
    assert all(json.loads(text)["id"] == line for line, text in rows)
    assert len(read[0].lines) == PART_ROWS


def test_an_input_that_grows_keeps_its_parts(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(_lines(PART_ROWS + 5))
    before = [part for span in spans_of_lines(0, source) for part in span.parts()]
    source.write_bytes(_lines(PART_ROWS + 9))
    after = [part for span in spans_of_lines(0, source) for part in span.parts()]

    assert before[0] == after[0]
    assert before[1].lines == after[1].lines[:5]


def test_files_are_found_by_name_folder_and_pattern(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.parquet", "notes.txt", "c.ndjson"):
        (tmp_path / name).touch()

    assert [path.name for path in find_sources(str(tmp_path))] == ["a.parquet", "b.jsonl", "c.ndjson"]
    assert [path.name for path in find_sources(str(tmp_path / "*.jsonl"))] == ["b.jsonl"]
    assert [path.name for path in find_sources(str(tmp_path / "notes.txt"))] == ["notes.txt"]


def test_what_cannot_be_read_is_said_before_anything_begins(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "in.jsonl").touch()

    with pytest.raises(UsageError, match=r"there is no \.jsonl"):
        find_sources(str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"are both called in\.jsonl"):
        find_sources(str(tmp_path / "*" / "in.jsonl"))


def test_a_parquet_cell_is_the_field_that_json_would_have(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow: pip install '.[ray]'")
    pq = pytest.importorskip("pyarrow.parquet")
    from service.cli.batch.spread.parquet import row_groups  # noqa: PLC0415 - needs pyarrow

    tests: list[dict[str, Any]] = [{"args": [1], "expected": None}]
    rows = [
        {"id": 1, "problem": "[1]", "tests": json.dumps(tests), "rounds": None},
        {"id": 2, "problem": "null", "tests": "{", "rounds": 2},
        {"id": 3, "problem": None, "tests": None, "rounds": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet", row_group_size=2)

    read = [part for span in row_groups(7, tmp_path / "in.parquet") for part in span.parts()]

    assert [(part.source, part.number, part.lines) for part in read] == [(7, 0, [1, 2]), (7, 1, [3])]
    assert [json.loads(text) for part in read for text in part.texts] == [
        {"id": 1, "problem": "[1]", "tests": tests},
        {"id": 2, "problem": "null", "tests": "{", "rounds": 2},
        {"id": 3},
    ]


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow: pip install '.[ray]'")
    from service.cli.batch.spread.parquet import row_groups  # noqa: PLC0415 - needs pyarrow

    (tmp_path / "in.parquet").write_text("{}", encoding="utf-8")

    with pytest.raises(UsageError, match=r"in\.parquet is no Parquet file"):
        list(row_groups(0, tmp_path / "in.parquet"))
