"""The input: rows as `ctrl batch` takes them, with the tests that grade what comes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from service.api.refine_request import ROUNDS
from service.cli.batch.rows import Row, RowsError, object_of, read_rows, request_of, sha256_of
from service.cli.requests import is_parallel

Json = dict[str, Any]

HIDDEN = "hidden_tests"
"""Tests that grade, and that nobody in the loop is told of."""
NOT_SENT = ("reference", "shape")
"""What tasks of `ctrl-train` carry besides."""
_SEEDS_APART = ROUNDS + 1
"""Each round of a refinement takes a seed of its own."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One of the refinements of a problem."""

    problem: str
    row: Row


def read_draws(
    path: Path, given: Mapping[str, Any], seed: int, samples: int, limit: int | None
) -> list[Draw]:
    """Check every line, and draw each of the first `limit` problems `samples` times.

    `given` wins over what a line says; `seed` is for lines that say none.
    """
    rows = read_rows(path, partial(posed, given=given, seed=seed))[:limit]
    if not rows:
        raise RowsError(f"{path}: holds no problem")
    draws = [Draw(repr(row.id), _drawn(row, number)) for number in range(samples) for row in rows]
    seen: dict[str | int, int] = {}
    for draw in draws:
        if draw.row.id in seen:
            raise RowsError(
                f"{path}, line {draw.row.line}: id: sample {draw.row.id!r} is called as line "
                f"{seen[draw.row.id]}; give one of the two another id"
            )
        seen[draw.row.id] = draw.row.line
    return draws


def posed(text: bytes, *, given: Mapping[str, Any], seed: int) -> tuple[str | int | None, Json]:
    """Make a request of a line, with `hidden_tests` beside its fields where there are any."""
    value = object_of(text)
    hidden = value.pop(HIDDEN, None)
    for name in NOT_SENT:
        value.pop(name, None)
    row_id, body = request_of({**value, **given})
    if is_parallel(body):
        raise RowsError("candidates: one program is followed round by round; leave it out, give --samples")
    if hidden:
        _check_hidden(body, hidden)
    elif not body.get("tests"):
        raise RowsError(f"tests: give tests or {HIDDEN}; nothing else says whether a program is right")
    sampling = body.get("sampling") or {}
    if sampling.get("seed") is None:
        sampling = {**sampling, "seed": seed}
    return row_id, body | {"sampling": sampling} | ({HIDDEN: hidden} if hidden else {})


def _check_hidden(body: Json, hidden: Sequence[Json]) -> None:
    try:
        request_of({**body, "tests": hidden})
    except RowsError as error:
        raise RowsError(str(error).replace("tests", HIDDEN)) from None


def _drawn(row: Row, number: int) -> Row:
    """Name the samples after the first, and seed them apart."""
    if number == 0:
        return row
    sha256 = sha256_of({"request": row.sha256, "sample": number})
    return replace(row, id=f"{row.id}#{number}", sha256=sha256, body=partial(_reseeded, row, number))


def _reseeded(row: Row, number: int) -> Json:
    body = row.body()
    sampling = body["sampling"]
    return body | {"sampling": {**sampling, "seed": sampling["seed"] + number * _SEEDS_APART}}
