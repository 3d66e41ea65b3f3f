"""A row of a trainer's data set and a completion, as an item for `/judge`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.domain.errors import RequestError
from service.domain.extraction import extract_code
from service.domain.ground_truth import Truth, read_truth
from service.domain.transcript import problem_in
from service.rewards.asking import RewardError

_OWN = ("tests", "entry_point", "problem", "usual_imports")
"""Columns that stand before what another one holds."""
_LONGEST = 200_000
"""Characters of a solution that `/judge` takes."""


def item_of(problem: str, completion: str, truth: Truth) -> dict[str, Any]:
    """Put an item together. Of a completion longer than the gateway takes only the program is sent."""
    program = completion if len(completion) <= _LONGEST else extract_code(completion)[:_LONGEST]
    return {**truth.fields(problem), "solution": program}


def truth_of(row: Mapping[str, Any], field: str) -> Truth:
    """What a row's columns `tests`, `entry_point` and `problem` say, and its column `field` for the rest.

    A column `usual_imports` belongs to `tests`. Raises `RewardError` for tests that cannot be read.
    """
    row = {name: _plain(row.get(name)) for name in (field, *_OWN)}
    try:
        truth = read_truth(row[field], field)
    except RequestError as error:
        raise RewardError(f"{error.field}: {error}") from None
    own = {name: row[name] for name in ("entry_point", "problem") if row[name]}
    if row["tests"] is not None:
        own |= {"tests": tests_of(row["tests"]), "usual_imports": row["usual_imports"] is True}
    return replace(truth, **own)


def _plain(value: Any) -> Any:
    """Undo what pandas makes of lists and numbers: older verl reads its rows by it."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def tests_of(column: Any) -> list[Any]:
    """Read a column of tests: JSON text, or objects, which Arrow pads with nulls to one form."""
    tests = json.loads(column) if isinstance(column, str) else list(column)
    return [_unpadded(test) if isinstance(test, Mapping) else test for test in tests]


def _unpadded(test: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the nulls, but for an `expected` of a call: that a function returns None may be tested."""
    calls = test.get("args") is not None or test.get("kwargs") is not None
    kept = {name: value for name, value in test.items() if value is not None}
    return {"expected": None, **kept} if calls else kept


def asked(prompt: str | Sequence[Mapping[str, Any]]) -> str:
    """The problem in a prompt, which is text or a conversation."""
    if isinstance(prompt, str):
        return problem_in(prompt)
    return "\n\n".join(said(message) for message in prompt if message.get("role") == "user")


def answered(completion: str | Sequence[Mapping[str, Any]]) -> str:
    """The text of a completion, which is text or a conversation."""
    if isinstance(completion, str):
        return completion
    return "\n\n".join(said(message) for message in completion if message.get("role") == "assistant")


def said(message: Mapping[str, Any]) -> str:
    """The text of a message, whose content is text or parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)
