"""Parquet in and out. A row is a request, a column a field of it.

Not covered: columns of other types than JSON has, such as times; the gateway's model refuses them by name.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from service.api.refine_request import RefineRequest
from service.cli.batch.ledger import LedgerError, read_results
from service.cli.batch.spread.parts import PART_ROWS, Part, parts_of
from service.cli.exits import UsageError

Json = dict[str, Any]

RESULTS = pa.schema([("id", pa.string()), ("request_sha256", pa.string()), ("refinement", pa.string())])
"""`id` and `refinement` are JSON: an id may be text or a number, and the text of one is not the other."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A span of a Parquet file: a row group, which cannot be read from its middle."""

    source: int
    path: Path
    group: int
    rows_before: int
    parts_before: int

    def parts(self) -> Iterator[Part]:
        before = self.rows_before, self.parts_before
        yield from parts_of(self.source, self.path, self._rows(), before)

    def _rows(self) -> Iterator[tuple[int, bytes]]:
        structured = structured_fields()
        number = self.rows_before
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(PART_ROWS, row_groups=[self.group]):
                for row in batch.to_pylist():
                    number += 1
                    yield number, _request(row, structured)


def row_groups(source: int, path: Path) -> Iterator[RowGroup]:
    """Cut a file by its row groups."""
    rows = parts = 0
    try:
        metadata = pq.read_metadata(path)
    except pa.ArrowInvalid as error:
        raise UsageError(f"IN: {path} is no Parquet file: {error}") from None
    for group in range(metadata.num_row_groups):
        yield RowGroup(source, path, group, rows, parts)
        rows += (here := metadata.row_group(group).num_rows)
        parts += -(-here // PART_ROWS)


def structured_fields() -> frozenset[str]:
    """Name the fields that are no plain values; a column of text for one holds JSON."""
    properties = RefineRequest.model_json_schema()["properties"]
    plain = {"string", "integer", "number", "boolean", "null"}
    return frozenset(name for name, schema in properties.items() if not _types(schema) <= plain)


def read_done(path: Path) -> Mapping[str | int, str]:
    """Tell what a part has, by id."""
    if not path.exists():
        return {}
    try:
        table = pq.read_table(path, columns=["id", "request_sha256"])
    except (pa.ArrowInvalid, KeyError):
        raise LedgerError(f"{path}: is no part of `ctrl batch`; name another folder") from None
    return {json.loads(row["id"]): row["request_sha256"] for row in table.to_pylist()}


def publish(journal: Path, path: Path) -> None:
    """Move a journal's rows into its part. A kill leaves the part as it was, or whole with the journal."""
    there = read_done(path)
    fresh = [_result(row) for row in read_results(journal) if row["id"] not in there]
    if fresh:
        table = pa.Table.from_pylist(fresh, schema=RESULTS)
        if there:
            table = pa.concat_tables([pq.read_table(path, schema=RESULTS), table])
        new = path.with_suffix(".new")
        with new.open("wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    os.truncate(journal, 0)


def _request(row: Json, structured: frozenset[str]) -> bytes:
    """Write a row as the line that it would be. A cell without a value is a field that was left out."""
    fields = {
        name: _parsed(value) if name in structured and isinstance(value, str) else value
        for name, value in row.items()
        if value is not None
    }
    return json.dumps(fields, default=str).encode()


def _parsed(text: str) -> object:
    """Read JSON; what is none stays text, for the gateway's model to refuse."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _result(row: Json) -> Json:
    return row | {"id": json.dumps(row["id"]), "refinement": json.dumps(row["refinement"])}


def _types(schema: Json) -> set[str]:
    """Gather the JSON types that a schema allows; what it only refers to counts as structured."""
    return {choice.get("type", "object") for choice in schema.get("anyOf", [schema])}
