"""What a load is made of: a small problem of the mini world, or requests of one's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from service.api.judge_request import JudgeRequest
from service.cli.batch.rows import RowsError, check_as, object_of, request_of
from service.cli.evaluate.problems import HIDDEN, NOT_SENT
from service.cli.exits import UsageError
from service.cli.requests import read_request

Json = dict[str, Any]

_TASK: Json = {
    "problem": "Given a list of numbers: keep the even numbers. Give the sum.",
    "entry_point": "solve",
    "tests": [{"args": [[1, 2, 4]], "expected": 6}, {"args": [[]], "expected": 0}],
}
_SOLUTIONS = [
    "def solve(xs):\n    return sum(x for x in xs if x % 2 == 0)",
    "def solve(xs):\n    return sum(x for x in xs if x % 2 != 0)",
]


def read_requests(path: Path | None, given: Mapping[str, Any], *, judge: bool) -> Sequence[Json]:
    """Read the requests, which take turns; `given` wins over what they say. Raises `UsageError`."""
    built_in = _TASK | ({"solutions": _SOLUTIONS} if judge else {})
    values = [built_in] if path is None else _read(path)
    return [_checked({**value, **given}, judge=judge) for value in values]


def numbered(request: Json, number: int) -> Json:
    """Seed a request by its number: a gateway answers the same call once for all who ask it."""
    return request | {"sampling": {**(request.get("sampling") or {}), "seed": number}}


def _read(path: Path) -> list[Json]:
    try:
        if path.suffix != ".jsonl":
            return [read_request(str(path), {})]
        values = [object_of(line) for line in path.read_bytes().splitlines() if line.strip()]
    except (typer.BadParameter, RowsError, OSError) as error:
        raise UsageError(f"--problem: {error}") from None
    if not values:
        raise UsageError(f"--problem: {path} holds no request")
    return values


def _checked(value: Json, *, judge: bool) -> Json:
    try:
        if not judge:
            return request_of({name: value[name] for name in value.keys() - {HIDDEN, *NOT_SENT}})[1]
        check_as(JudgeRequest, value)
    except RowsError as error:
        raise UsageError(f"--problem: {error}") from None
    return value
