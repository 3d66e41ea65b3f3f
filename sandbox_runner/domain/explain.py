"""Messages about a failed test, for people and critics: bounded, and free of control characters."""

import signal
from collections.abc import Mapping

MESSAGE_LIMIT = 1_000
LINE_LIMIT = 400
_BEFORE = LINE_LIMIT // 4
RETURNED_LIMIT = 1_000
PROGRAM_FILE = "solution.py"
TESTS_FILE = "tests"


def printable(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Escape what could confuse a terminal or a log, cut what is too long."""
    kept = "".join(c if c == "\n" or c.isprintable() else _escape(c) for c in text[:limit])
    return kept if len(text) <= limit and len(kept) <= limit else kept[: limit - 1] + "…"


def one_line(text: str, around: int = 0) -> str:
    """A window of the text with what is not printable escaped; `around` is the place that must be in it."""
    start = max(0, around - _BEFORE) if len(text) > LINE_LIMIT else 0
    window = text[start : start + LINE_LIMIT]
    shown = printable(window, LINE_LIMIT).replace("\n", "\\n")
    cut = start + LINE_LIMIT < len(text)
    bounded = shown if len(shown) <= LINE_LIMIT and not cut else shown[: LINE_LIMIT - 1] + "…"
    return "…" + bounded[: LINE_LIMIT - 1] if start else bounded


def of_error(error: Mapping[str, object], file: str = PROGRAM_FILE) -> str:
    """Type and text of the exception and the last line of `file` that was running."""
    kind, text, line, source = (error.get(key) for key in ("type", "text", "line", "source"))
    what = ": ".join(str(part) for part in (kind, text) if part)
    where = f"\n{file} line {line}: {source}" if isinstance(line, int) else ""
    room = max(0, MESSAGE_LIMIT - len(printable(where)))
    return printable(what, room) + printable(where)


def of_signal(number: int) -> str:
    return f"killed by {signal_name(number)}"


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def of_value(value: object) -> str:
    """A bounded `repr`; safe because the value was decoded here and is of plain types."""
    try:
        return printable(repr(value), RETURNED_LIMIT)
    except ValueError:  # an integer too long for decimal digits
        return "<a very large integer>"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
