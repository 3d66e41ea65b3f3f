"""Events on their way to the store: deltas that nobody has read yet become one."""

import json
from dataclasses import dataclass, field
from itertools import islice

from service.api.streaming import Frame
from service.store import Entry


@dataclass(slots=True)
class _Waiting:
    event: str
    data: dict[str, object]
    pieces: list[str]
    """What a delta adds up to; nothing for other events."""

    def continues(self, frame: Frame) -> bool:
        """Whether the frame is the next piece of the same text."""
        return bool(self.pieces) and self.event == frame.event and self.data["round"] == frame.data["round"]

    def entry(self, sequence: int) -> Entry:
        data = self.data | {"delta": "".join(self.pieces)} if self.pieces else self.data
        return Entry(sequence, self.event, encoded(data))


@dataclass(slots=True)
class Pending:
    """Events in order, numbered when they are taken. Those of a candidate keep their order."""

    last: int
    """The number of the last event taken."""
    _waiting: list[_Waiting] = field(default_factory=list)
    _latest: dict[object, _Waiting] = field(default_factory=dict)
    """The latest event of each candidate."""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, frame: Frame) -> None:
        candidate = frame.data.get("candidate")
        latest, delta = self._latest.get(candidate), frame.data.get("delta")
        if latest is not None and isinstance(delta, str) and latest.continues(frame):
            latest.pieces.append(delta)
            return
        new = _Waiting(frame.event, dict(frame.data), [delta] if isinstance(delta, str) else [])
        self._waiting.append(new)
        self._latest[candidate] = new

    def take(self, limit: int) -> list[Entry]:
        """Number the first ones and hand them out; nothing is added to them any more."""
        taken = list(islice(self._waiting, limit))
        entries = [waiting.entry(self.last + number) for number, waiting in enumerate(taken, start=1)]
        self.last += len(taken)
        del self._waiting[: len(taken)]
        gone = set(map(id, taken))
        self._latest = {key: latest for key, latest in self._latest.items() if id(latest) not in gone}
        return entries


def encoded(data: object) -> str:
    """Write JSON in ASCII: no line end of any kind, and no character that is none."""
    return json.dumps(data, separators=(",", ":"))
