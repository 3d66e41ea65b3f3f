"""What a test says about itself: a returned value, or the exception that ended it.

The program under test shares this process and may forge all of it. That is harmless: whoever reads it
compares a value with an expectation that never came in here, and quotes the rest.
"""

import json
import linecache
import os
import traceback
from collections.abc import Iterator
from types import TracebackType

from sandbox_runner.jail import values, views

FILE_NAME = "solution.py"
_TEXT_LIMIT = 2_000


ALIKE = "alike"
"""Said of a value that only equals what is told."""


class _Speaker:
    """The process that speaks for the test. Those that a program forks have the descriptor, and no say."""

    pid: int | None = None


def speak_alone() -> None:
    _Speaker.pid = os.getpid()


def speak_with_all() -> None:
    """Be one of those who may speak again, as before a test."""
    _Speaker.pid = None


def write_value(descriptor: int, value: object) -> None:
    _say(descriptor, f'{{{_alike(value)}"value":{values.encode(value)}}}')


def write_seen(
    descriptor: int, returned: object, looks: list[tuple[str, int | None]], *, truth: bool = False
) -> None:
    """What a test looks at in a returned value; beside it the value itself, to be shown if it is short."""
    if not looks:
        write_value(descriptor, bool(returned) if truth and not values.is_plain(returned) else returned)
        return
    try:
        seen = views.taken(looks, returned)
    except views.NoViewError as error:
        if error.__cause__ is not None and location(error.__cause__)[0] is not None:
            raise error.__cause__ from None  # the program's own, as of a generator
        said = f'"unseen":{json.dumps(str(error))}'
        seen = returned
    else:
        said = f'{_alike(seen)}"seen":{values.encode(bool(seen) if truth else seen)}'
    shown = values.encode_short(returned if values.is_plain(returned) else seen)
    _say(descriptor, f'{{{said},"value":{shown}}}' if shown else f"{{{said}}}")


def _alike(value: object) -> str:
    """What is told of a scalar of numpy, which goes by the plain value that it equals and is not."""
    return "" if values.numpy_scalar(value) is None else f'"{ALIKE}":true,'


def write_error(descriptor: int, error: BaseException) -> None:
    _say(descriptor, json.dumps({"error": _describe(error)}))


def _say(descriptor: int, said: str) -> None:
    if _Speaker.pid in {None, os.getpid()}:
        write_all(descriptor, said.encode())


def user_traceback(error: BaseException) -> str:
    """CPython's own traceback, from the first frame of the program on."""
    shown = traceback.TracebackException(type(error), error, from_user_frame(error))
    return "".join(shown.format())


def _describe(error: BaseException) -> dict[str, object]:
    line, source = location(error)
    return {
        "type": type(error).__name__,
        "text": text_of(error)[:_TEXT_LIMIT],
        "line": line,
        "source": source,
    }


def text_of(error: BaseException) -> str:
    try:
        return str(error.msg) if isinstance(error, SyntaxError) else str(error)
    except BaseException:  # noqa: BLE001 - the program wrote this __str__
        return "<unprintable>"


def location(error: BaseException) -> tuple[int | None, str]:
    if isinstance(error, SyntaxError) and error.filename == FILE_NAME:
        return error.lineno, (error.text or "").strip()[:_TEXT_LIMIT]
    last = None
    for frame in _frames(error.__traceback__):
        if frame.tb_frame.f_code.co_filename == FILE_NAME:
            last = frame
    if last is None:
        return None, ""
    return last.tb_lineno, _source_line(last.tb_lineno)


def _source_line(number: int) -> str:
    lines = linecache.getlines(FILE_NAME)
    return lines[number - 1].strip()[:_TEXT_LIMIT] if 0 < number <= len(lines) else ""


def _frames(first: TracebackType | None) -> Iterator[TracebackType]:
    while first is not None:
        yield first
        first = first.tb_next


def from_user_frame(error: BaseException) -> TracebackType | None:
    """The traceback without the frames that called the program."""
    ours = os.path.dirname(__file__)
    frames = _frames(error.__traceback__)
    return next((f for f in frames if not f.tb_frame.f_code.co_filename.startswith(ours)), None)


def write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
