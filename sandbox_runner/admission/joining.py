"""Questions at work: who asks what is being judged already waits for that verdict instead of a slot.

Nobody depends on a client that leaves: then the next of those who wait judges. Only verdicts that may be
remembered are shared, so where another run could end otherwise each judges for itself.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox_runner.admission.admitted import AdmittedJudge

Key = bytes

# Each holds its request in memory, which the queue bounds for all others.
_MOST_WAITING = 64


class AtWork:
    """One question that is being judged."""

    def __init__(self, judge: AdmittedJudge) -> None:
        self._judge = judge
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def release(self) -> None:
        """End the wait of all, each of whom is to judge for itself."""
        if not self._over.done():
            self._over.set_result(None)

    def leave(self) -> None:
        """End it because whoever judged is done, or went away."""
        self._over.cancel()

    @property
    def was_left(self) -> bool:
        return self._over.cancelled()

    async def wait(self, within_s: float | None) -> None:
        """Wait for a slot until then, and for the verdict however long that takes."""
        await asyncio.wait([self._over], timeout=within_s)
        if self._judge.has_begun:
            await asyncio.wait([self._over])


class Joining:
    """All questions at work, by the key of their verdict."""

    def __init__(self) -> None:
        self._at_work: dict[Key, AtWork] = {}
        self._waiting = 0

    async def wait(self, key: Key, within_s: float | None) -> None:
        """Wait while the question is at work: what is not remembered then, the asker has to judge."""
        while (found := self._at_work.get(key)) is not None and self._waiting < _MOST_WAITING:
            self._waiting += 1
            try:
                await found.wait(within_s)
            finally:
                self._waiting -= 1
            if not found.was_left:
                return

    @contextmanager
    def lead(self, key: Key | None, judge: AdmittedJudge) -> Iterator[AtWork]:
        """Judge a question that others may wait for, if it has a key; they wait for the first who does."""
        led = AtWork(judge)
        first = key is not None and self._at_work.setdefault(key, led) is led
        try:
            yield led
        finally:
            if first and key is not None:
                del self._at_work[key]
            led.leave()
