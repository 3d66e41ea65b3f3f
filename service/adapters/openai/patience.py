"""How long to wait for an endpoint, and how often to try again."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds of one call. Nothing is repeated once a streamed answer has begun."""

    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    """Longest pause between attempts; a server that asks for more is given up on."""
    connect_s: float = 5.0
    first_byte_s: float = 120.0
    """Until a streamed answer begins."""
    whole_s: float = 300.0
    """Until an answer that is not streamed begins: it is written to its end by then."""
    idle_s: float = 60.0
    """Longest silence inside a streamed answer."""
    gather_s: float = 0.02
    """How long pieces of a streamed answer are gathered before they go on; its end is not waited out."""
    hedge_s: float | None = None
    """How long until an answer begins before a copy of the call goes to another replica; None: none does."""
    total_s: float = 600.0
    clock: Callable[[], float] = time.monotonic
    """Of breakers and budgets."""

    def wait_s(self, attempt: int, asked_s: float | None) -> float:
        """Double each wait and scatter a herd; never come back before the server asked for it."""
        doubled = min(self.first_wait_s * 2.0**attempt, self.longest_wait_s)
        return max(doubled * random.uniform(0.75, 1.0), asked_s or 0.0)  # noqa: S311 - jitter


class Deadline:
    """The moment at which a call ends, whatever it is doing; counts from its making."""

    __slots__ = ("_clock", "_ends", "total_s")

    def __init__(self, total_s: float) -> None:
        self.total_s = total_s
        self._clock = asyncio.get_running_loop().time
        self._ends = self._clock() + total_s

    @property
    def left_s(self) -> float:
        """Return the time left."""
        return self._ends - self._clock()

    def within(self, seconds: float) -> asyncio.Timeout:
        """Bound a wait by `seconds` and by the deadline."""
        return asyncio.timeout_at(min(self._clock() + seconds, self._ends))


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`, as seconds or as a date, or its finer relative `retry-after-ms`."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    asked = headers.get("Retry-After")
    if asked is None or (seconds := _number(asked)) is not None:
        return None if asked is None else seconds
    try:
        moment = parsedate_to_datetime(asked)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - time.time())


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and text.replace(".", "", 1).isdecimal() else None
