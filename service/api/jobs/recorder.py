"""Writes what a job says into the store: a little later than it is said, and as soon as the store answers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from service.api.jobs.checkpoint import checkpoint, round_name
from service.api.jobs.pending import Pending
from service.api.streaming import Frame
from service.domain.errors import ServiceError, StoreError
from service.domain.refinement import Round
from service.store import Batch, Ending, Lease, LeaseLostError, Store, UnknownJobError

log = structlog.get_logger(__name__)

TOGETHER_S = 0.05
"""How long an event may wait for others, so that a token costs no round trip."""
UNREAD_S = 1.0
"""The same of deltas while no client reads along."""
ENTRIES = 256
"""Events written at once, and events that may wait before the job itself must."""
AGAIN_S = 0.5
"""Pause before a write is tried again."""


@dataclass(slots=True)
class Recorder:
    """The one way in which an owner speaks of its job.

    A store that is away is tried again and again; one that forgot the job is told of it again, with all its
    rounds. `LeaseLostError` ends the job's task: somebody else goes on. A lease that expired meanwhile may be
    taken again by this very process, and is then gone on with.
    """

    store: Store
    lease: Lease
    renew_s: float
    told: Callable[[], None]
    """Called after each write, to wake who follows the job."""
    is_read: Callable[[], bool] = lambda: True
    """Whether anybody follows it."""
    is_refused: bool = False
    """Whether the store did not take what was last written."""
    _ending: Ending | None = None
    _pending: Pending = field(init=False)
    _rounds: dict[str, str] = field(default_factory=dict)
    _unwritten: dict[str, str] = field(default_factory=dict)
    _closed: bool = False
    _over: bool = False
    """The last word is written, or the lease is lost."""
    _dirty: asyncio.Event = field(default_factory=asyncio.Event)
    _soon: asyncio.Event = field(default_factory=asyncio.Event)
    _urgent: asyncio.Event = field(default_factory=asyncio.Event)
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._pending = Pending(self.lease.job.last)
        self._rounds.update(self.lease.job.rounds)

    async def say(self, frame: Frame) -> None:
        """Let an event be written soon; wait if too many wait already."""
        while len(self._pending) >= ENTRIES:
            self._room.clear()
            await self._room.wait()
        self._pending.add(frame)
        self._dirty.set()
        if "delta" not in frame.data or self.is_read():
            self._soon.set()

    def finish(self, a_round: Round) -> None:
        """Let a finished round be written soon: from here another owner can go on."""
        name = round_name(a_round)
        self._rounds[name] = self._unwritten[name] = checkpoint(a_round)
        self._hurry()

    def close(self, ending: Ending | None) -> None:
        """Say the last word; without one the job is left to others after what was said."""
        self._ending = ending
        self._closed = True
        self._hurry()

    def renew(self, lease: Lease) -> bool:
        """Go on under a new lease of the same job; say whether there is anything to go on with."""
        if not self._over:
            self.lease = lease
        return not self._over

    async def write_behind(self) -> None:
        """Write until the last word is written."""
        try:
            await self._write_all()
        finally:
            self._over = True

    async def _write_all(self) -> None:
        last = False
        while not last:
            await self._until_dirty()
            rounds, entries = dict(self._unwritten), self._pending.take(ENTRIES)
            last = self._closed
            batch = Batch(entries, rounds, self._ending if last else None)
            await self._write(batch)
            for name in rounds:
                del self._unwritten[name]
            self._room.set()
            self.told()

    async def _until_dirty(self) -> None:
        """Wait for something to write, at most until the lease must be renewed; then for what else comes."""
        if await _set_within(self._dirty, self.renew_s):
            await _set_within(self._soon, min(UNREAD_S, self.renew_s))
            await _set_within(self._urgent, TOGETHER_S)
        for event in (self._dirty, self._soon, self._urgent):
            event.clear()

    def _hurry(self) -> None:
        """Write now: it is worth a round trip."""
        for event in (self._dirty, self._soon, self._urgent):
            event.set()

    async def _write(self, batch: Batch) -> None:
        while not await self._written(batch):  # noqa: ASYNC110 - a server that comes back sends no events
            await asyncio.sleep(AGAIN_S)

    async def _written(self, batch: Batch) -> bool:
        lease = self.lease
        try:
            await self.store.write(lease, batch)
        except LeaseLostError:
            if self.lease is lease:
                raise
            return False
        except StoreError as error:
            log.warning("job_not_written", error=str(error))
            self.is_refused = True
            return False
        except UnknownJobError:
            return await self._introduced(batch) and await self._written(batch)
        self.is_refused = False
        return True

    async def _introduced(self, batch: Batch) -> bool:
        """Tell a store that has lost its memory of the job, which must not be lost with it."""
        log.warning("job_forgotten")
        written = batch.entries[0].sequence - 1 if batch.entries else self._pending.last
        known = replace(self.lease.job, last=written, rounds=self._rounds)
        try:
            created = await self.store.create(known, leased=True)
        except ServiceError as error:
            log.warning("job_not_written", error=str(error))
            return False
        assert created.lease is not None
        self.lease = created.lease
        return True


async def _set_within(event: asyncio.Event, limit_s: float) -> bool:
    """Wait for an event, and say whether it came."""
    try:
        async with asyncio.timeout(limit_s):
            return await event.wait()
    except TimeoutError:
        return False
