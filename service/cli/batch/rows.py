"""The input: one request a line, checked before anything is asked, and read again when its turn comes."""

import hashlib
import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from service.api.problems import field_error
from service.api.refine_request import RefineRequest

Json = dict[str, Any]

COMPLAINTS = 20

Check = Callable[[bytes], tuple[str | int | None, Json]]
"""Makes an id, where there is one, and a request of a line; raises `RowsError`."""


class RowsError(Exception):
    """Rows that cannot be; the message names their lines."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where a request stands in its file, and how it is known in the output."""

    line: int
    id: str | int
    sha256: str
    """Of the request; a row is done if its id is, for the same request."""
    body: Callable[[], Json] = field(repr=False, compare=False)
    """Reads the request."""


def read_rows(path: Path, check: Check | None = None) -> list[Row]:
    """Check every line; say of all that are wrong what is wrong. Bodies are not kept."""
    check = check or checked
    rows: list[Row] = []
    complaints: list[str] = []
    lines: dict[str | int, int] = {}
    unnamed: Counter[str] = Counter()
    for number, offset, text in _lines(path):
        try:
            named, body = check(text)
            sha256 = sha256_of(body)
            unnamed[sha256] += named is None
            row_id = own_id(sha256, unnamed[sha256]) if named is None else named
            if row_id in lines:
                raise RowsError(f"id: {row_id!r} is line {lines[row_id]}'s already")  # noqa: TRY301
        except RowsError as error:
            complaints.append(f"{path}, line {number}: {error}")
            continue
        lines[row_id] = number
        rows.append(Row(number, row_id, sha256, partial(_body_at, path, offset, len(text), check)))
    if complaints:
        more = [f"… and {len(complaints) - COMPLAINTS} more lines"] if len(complaints) > COMPLAINTS else []
        raise RowsError("\n".join([*complaints[:COMPLAINTS], *more]))
    return rows


def _body_at(path: Path, offset: int, size_bytes: int, check: Check) -> Json:
    with path.open("rb") as file:
        file.seek(offset)
        return check(file.read(size_bytes))[1]


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, offset, line
            offset += len(line)


def checked(text: bytes) -> tuple[str | int | None, Json]:
    """Take the row's id off, and check the rest as the gateway would."""
    return request_of(object_of(text))


def object_of(text: bytes) -> Json:
    """Read a line."""
    try:
        value = from_json(text.removeprefix(BOM_UTF8), allow_inf_nan=False)
    except ValueError as error:
        raise RowsError(f"is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise RowsError('must be a JSON object, such as {"id": 1, "problem": "…"}')
    return value


def request_of(value: Json) -> tuple[str | int | None, Json]:
    """Take the id off a row, and check the rest."""
    row_id = value.pop("id", None)
    if isinstance(row_id, bool) or not isinstance(row_id, str | int | None):
        raise RowsError("id: must be text or a whole number")
    for name in ("stream", "background"):
        if value.pop(name, False):
            raise RowsError(f"{name}: leave it out; each row is waited for")
    check_as(RefineRequest, value)
    return row_id, value


def check_as(kind: type[BaseModel], value: Json) -> None:
    """Check a request as its route would."""
    try:
        kind.model_validate(value)
    except ValidationError as error:
        fields = (field_error(complaint) for complaint in error.errors())
        raise RowsError("; ".join(f"{field.field}: {field.message}" for field in fields)) from None


def sha256_of(body: Json) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def own_id(sha256: str, times: int) -> str:
    """Name a row that has no name by what it asks; the same asked again is another sample."""
    return f"sha256:{sha256[:32]}" + ("" if times == 1 else f"-{times}")
