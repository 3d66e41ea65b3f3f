"""An exception as the log has it: types and places. Its words may quote a program, a prompt or a key."""

import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

FRAMES = 40
"""Places told of one exception: the innermost ones, where it happened."""
ERRORS = 16
"""Exceptions told of one chain or group."""


def without_words(logger: object, method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the exception of a log entry into it as text. A processor of structlog."""
    error = _error(entry.pop("exc_info", None))
    if error is not None:
        entry["exception"] = told(error)
    return entry


def told(error: BaseException) -> str:
    """Tell an exception, and those it came of, outermost first."""
    return "\n".join(line for each in _chain(error) for line in _lines(each))


def _error(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exception() if exc_info else None


def _chain(error: BaseException) -> list[BaseException]:
    """Follow causes, contexts and the members of groups, each exception once."""
    found: list[BaseException] = []
    ahead: list[BaseException | None] = [error]
    while ahead and len(found) < ERRORS:
        each = ahead.pop(0)
        if each is None or any(each is known for known in found):
            continue
        found.append(each)
        ahead += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        ahead.append(each.__cause__ or (None if each.__suppress_context__ else each.__context__))
    return found


def _lines(error: BaseException) -> Iterator[str]:
    kind = type(error)
    yield f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]:
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
