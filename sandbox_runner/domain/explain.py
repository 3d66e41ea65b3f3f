"""Messages about a failed test, for people and critics: bounded, and free of control characters."""

import signal
from collections.abc import Mapping

MESSAGE_LIMIT = 1_000
RETURNED_LIMIT = 1_000
PROGRAM_FILE = "solution.py"
TESTS_FILE = "tests"


def printable(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Escape what could confuse a terminal or a log, cut what is too long."""
    kept = "".join(c if c == "\n" or c.isprintable() else _escape(c) for c in text[:limit])
    return kept if len(text) <= limit and len(kept) <= limit else kept[: limit - 1] + "…"


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
