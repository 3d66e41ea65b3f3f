"""Server-sent events, line by line."""

import json
from dataclasses import dataclass, field
from typing import Any

from service.client.errors import AnswerError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; its name is in `event`, and `id` is what a stream is resumed after."""

    id: str
    event: str
    data: Json


@dataclass(slots=True)
class EventParser:
    """Puts lines together to events."""

    last_id: str = ""
    _event: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, line: str) -> ServerEvent | None:
        """Take a line; return the event that it completes."""
        if not line:
            return self._completed()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._event = value
            case "id":
                self.last_id = value
        return None

    def _completed(self) -> ServerEvent | None:
        event, data = self._event, "\n".join(self._data)
        self._event, self._data = "", []
        if not data:
            return None
        try:
            value = json.loads(data)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise AnswerError(f"the event {event!r} does not carry a JSON object")
        return ServerEvent(self.last_id, event, value)
