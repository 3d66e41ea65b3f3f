"""Calls at work, so that a cancellation that arrives by another request finds its call.

There are no sessions: an id is drawn at `initialize`, and a client that sends it along can cancel by
it. Nothing else hangs on the id, so any replica answers any request; a cancellation that reaches
another replica than its call is without effect, and closing the connection always has one.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

RequestId = str | int


def new_session() -> str:
    """Draw an id that nobody can guess: it is all that keeps one client from cancelling another's calls."""
    return secrets.token_hex(16)


class Calls:
    """Calls at work by session and request; each has an event that says it is cancelled."""

    def __init__(self) -> None:
        self._cancelled: dict[tuple[str, str], asyncio.Event] = {}

    @contextmanager
    def at_work(self, session: str | None, request_id: RequestId | None) -> Iterator[asyncio.Event]:
        """Keep a call findable while it is at work; without a session it cannot be found."""
        cancelled = asyncio.Event()
        if session is None:
            yield cancelled
            return
        # Some clients send numbers back as text.
        key = (session, str(request_id))
        self._cancelled[key] = cancelled
        try:
            yield cancelled
        finally:
            if self._cancelled.get(key) is cancelled:
                del self._cancelled[key]

    def cancel(self, session: str, request_id: RequestId) -> None:
        """Cancel a call; one that is over, or elsewhere, is let be."""
        if cancelled := self._cancelled.get((session, str(request_id))):
            cancelled.set()
