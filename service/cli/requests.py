"""From files to a request: JSON as the API takes it, or a problem in prose with options beside it."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer
from pydantic_core import from_json

Json = dict[str, Any]


def read_request(source: str, options: Json) -> Json:
    """Read `source`, a path or `-`; options that were given win over what the file says."""
    text = read_text(source)
    if source.endswith(".json") or (source == "-" and text.lstrip().startswith("{")):
        request = _json(source, text)
        if not isinstance(request, dict):
            raise typer.BadParameter(f"{source} must hold a JSON object")
    else:
        request = {"problem": text}
    return {**request, **{name: value for name, value in options.items() if value is not None}}


def is_parallel(request: Json) -> bool:
    """Whether a request asks for more than one candidate."""
    return (request.get("candidates") or 1) != 1


def check_sources(*sources: str | Iterable[str] | None) -> None:
    """Refuse to read standard input twice: the second time there is nothing."""
    named = [name for each in sources for name in ([each] if isinstance(each, str) else each or ())]
    if named.count("-") > 1:
        raise typer.BadParameter("- is standard input, which can be read once: name a file for the others")


def read_text(source: str) -> str:
    """Read a text file, or standard input for `-`."""
    try:
        if source == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        return Path(source).read_text(encoding="utf-8-sig")  # editors of Windows begin a text with a mark
    except OSError as error:
        raise typer.BadParameter(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{source}: is no text in UTF-8") from error


def read_tests(source: str | None) -> list[Json] | None:
    """Read tests: a JSON list, or one JSON object a line."""
    if source is None:
        return None
    text = read_text(source)
    if text.lstrip().startswith("["):
        tests = _json(source, text)
    else:
        # Not splitlines: a text in a test may hold U+2028 and its like as they are.
        tests = [_json(source, line) for line in text.split("\n") if line.strip()]
    if not isinstance(tests, list):
        raise typer.BadParameter(f"{source} must hold a JSON list of tests")
    return tests


def _json(source: str, text: str) -> Any:
    """Read JSON as the gateway does: no NaN, no half of a surrogate pair."""
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise typer.BadParameter(f"{source} is not JSON: {error}") from error
