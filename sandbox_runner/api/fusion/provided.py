"""The members of `provided_data`, any of which may be JSON, or JSON in a string."""

import json
from collections.abc import Mapping

from pydantic import JsonValue

from sandbox_runner.api.fusion.errors import FusionError
from sandbox_runner.api.fusion.packed import unpack

Row = Mapping[str, JsonValue]


def row(provided: object) -> dict[str, JsonValue]:
    if not isinstance(provided, dict):
        raise FusionError("config.provided_data must be an object: no dataset is stored here")
    return provided


def rows(provided: object) -> list[dict[str, JsonValue]]:
    if not isinstance(provided, list):
        raise FusionError("config.provided_data must be a list: no dataset is stored here")
    return [row(each) for each in provided]


def member(data: Row, name: str) -> JsonValue:
    """A member that must be there, read once more where it is JSON in a string."""
    if name not in data:
        raise FusionError(f"provided_data.{name} is missing")
    found = data[name]
    return parsed(found, name) if isinstance(found, str) else found


def optional(data: Row, name: str) -> dict[str, JsonValue]:
    """An object that may be missing."""
    found = member(data, name) if data.get(name) else None
    return found if isinstance(found, dict) else {}


def text(data: Row, *names: str) -> str:
    """The first of these members that is a text, or nothing."""
    return next((found for name in names if isinstance(found := data.get(name), str)), "")


def parsed(content: str, name: str) -> JsonValue:
    """JSON, or LiveCodeBench's packed JSON."""
    try:
        return _json(content)
    except ValueError:
        pass
    try:
        return _json(unpack(content))
    except ValueError:
        raise FusionError(f"provided_data.{name} is neither JSON nor packed JSON") from None


def _json(content: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(content)
    except RecursionError:
        raise ValueError("too deep") from None
    return found
