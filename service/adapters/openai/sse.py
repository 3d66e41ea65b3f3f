"""Server-sent events, from bytes to the data of each event."""

import re

MAX_EVENT_BYTES = 2**20

_LINE_END = re.compile(rb"\r\n|\n|\r")


class EventTooLongError(Exception):
    """The server sent more than `MAX_EVENT_BYTES` without ending an event."""


class EventDecoder:
    """Collects `data:` lines; fields and comments that a chat completion does not use are skipped."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[str]:
        """Return the data of the events that this chunk completes."""
        *lines, self._rest = self._lines(self._rest + chunk)
        events = [event for line in lines if (event := self._line(line)) is not None]
        if len(self._rest) + sum(map(len, self._data)) > MAX_EVENT_BYTES:
            raise EventTooLongError("an event of the stream is too long")
        return events

    @staticmethod
    def _lines(text: bytes) -> list[bytes]:
        if b"\r" not in text:
            return text.split(b"\n")  # in a seventh of the time
        # A carriage return at the very end may be half of a line end: leave it for the next chunk.
        ending = text[-1:] if text.endswith(b"\r") else b""
        *lines, last = _LINE_END.split(text[: len(text) - len(ending)])
        return [*lines, last + ending]

    def _line(self, line: bytes) -> str | None:
        if not line:
            data, self._data = self._data, []
            return b"\n".join(data).decode(errors="replace") if data else None
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        return None
