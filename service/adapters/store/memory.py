"""A store in this process: nothing outlives it, and no other process sees it."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from service.adapters.store.bounds import StoreBounds
from service.adapters.store.finished import Finished
from service.adapters.store.refusals import key_reused, queue_full, tenant_has_enough
from service.shares import Shares
from service.store import (
    Batch,
    Claim,
    Created,
    Ending,
    Entry,
    Glance,
    Job,
    JobStatus,
    Lease,
    LeaseLostError,
    Log,
    UnknownJobError,
)

OPEN_CHARS = 256 * 1024 * 1024
"""Of the requests of jobs that have not ended, together: memory is all there is."""
TENANTS_SHARE = 4
"""One tenant that has a name may have a quarter of it."""


@dataclass(slots=True)
class _Kept:
    """A job with its log and its lease."""

    job: Job
    log: deque[Entry]
    trimmed: int = 0
    token: int = 0
    crashes: int = 0
    setbacks: int = 0
    waiting_clients: int = 1
    ready_at: float = 0.0
    """When it may be taken: at once, or after its lease."""
    turn: int = 0
    """Of its tenant, while it has not begun."""

    @property
    def place(self) -> tuple[bool, float]:
        """What was begun goes before what was not, which goes by tenants' turns."""
        return (True, self.turn) if self.token == 0 and self.turn else (False, self.ready_at)

    @property
    def chars(self) -> int:
        """How much text there is of it."""
        texts = (self.job.request, *self.job.rounds.values(), *(entry.data for entry in self.log))
        return sum(map(len, texts))

    def append(self, entry: Entry) -> None:
        if len(self.log) == self.log.maxlen:
            self.trimmed = self.log[0].sequence
        self.log.append(entry)
        self.job = replace(self.job, last=entry.sequence)


@dataclass(slots=True)
class _Key:
    job_id: str
    fingerprint: str
    forgotten_at: float


@dataclass(slots=True)
class MemoryStore:
    """Jobs in a dictionary; no operation awaits anything, so each is atomic."""

    bounds: StoreBounds = field(default_factory=StoreBounds)
    clock: Callable[[], float] = time.monotonic
    name: str = "memory"
    shared: bool = False
    _jobs: dict[str, _Kept] = field(default_factory=dict)
    _open: dict[str, _Kept] = field(default_factory=dict)
    """Those that have not ended."""
    _open_jobs: Shares = field(default_factory=Shares)
    _open_chars: Shares = field(default_factory=Shares)
    """Of their requests."""
    _finished: Finished = field(default_factory=Finished)
    """The others."""
    _keys: dict[str, _Key] = field(default_factory=dict)
    _turns: dict[str, int] = field(default_factory=dict)
    """The latest of each tenant, while any waits."""
    _turn: int = 0
    """Whose it is."""

    async def create(
        self, job: Job, entries: Sequence[Entry] = (), *, claim: Claim | None = None, leased: bool = False
    ) -> Created:
        self._forget()
        if claim is not None and (other := self._claimed(claim)) is not None:
            other.waiting_clients += 1
            return Created(other.job.id, joined=True)
        self._check_room(job)
        now = self.clock()
        kept = _Kept(job, deque(maxlen=self.bounds.max_events), trimmed=job.last, ready_at=now)
        kept.turn = 0 if leased or job.last else self._next_turn(job.tenant)
        for entry in entries:
            kept.append(entry)
        self._put(kept)
        if claim is not None:
            self._keys.pop(claim.key, None)  # so that the order of keys is the order of their ends
            self._keys[claim.key] = _Key(job.id, claim.fingerprint, now + self.bounds.ttl_s)
        return Created(job.id, lease=self._lease(kept) if leased else None)

    async def take(self) -> Lease | None:
        now = self.clock()
        ready = [kept for kept in self._open.values() if kept.ready_at <= now]
        if not ready:
            return None
        kept = min(ready, key=lambda kept: kept.place)
        self._turn = max(self._turn, kept.turn)
        kept.crashes += kept.job.status is JobStatus.IN_PROGRESS
        return self._lease(kept)

    async def write(self, lease: Lease, batch: Batch) -> None:
        kept = self._known(lease.job.id)
        ending = batch.ending
        if kept.token == lease.token and ending is not None and kept.job.status is ending.status:
            return
        self._check(kept, lease)
        for entry in batch.entries:
            if entry.sequence > kept.job.last:
                kept.append(entry)
        kept.job = replace(kept.job, rounds={**batch.rounds, **kept.job.rounds})
        kept.setbacks = 0 if batch.rounds else kept.setbacks
        kept.ready_at = self.clock() + self.bounds.lease_s
        if ending is not None:
            self._end(kept, ending)

    async def release(self, lease: Lease, after_s: float | None = None) -> None:
        kept = self._known(lease.job.id)
        self._check(kept, lease)
        kept.job = replace(kept.job, status=JobStatus.QUEUED)
        kept.setbacks += after_s is not None
        # At once means before those that have not begun.
        kept.ready_at = 0.0 if after_s is None else self.clock() + after_s

    async def cancel(self, job_id: str, ending: Ending) -> JobStatus | None:
        kept = self._find(job_id)
        if kept is None:
            return None
        status = kept.job.status
        if not status.is_final:
            self._end(kept, ending)
        return status

    async def leave(self, job_id: str, ending: Ending) -> None:
        kept = self._find(job_id)
        if kept is None or kept.job.status.is_final:
            return
        kept.waiting_clients -= 1
        if kept.waiting_clients <= 0 and not kept.job.background:
            self._end(kept, ending)

    async def keep(self, job_id: str) -> None:
        kept = self._find(job_id)
        if kept is not None:
            kept.job = replace(kept.job, background=True)

    async def job(self, job_id: str) -> Job | None:
        kept = self._find(job_id)
        return None if kept is None else kept.job

    async def log(self, job_id: str, after: int, limit: int = 256, *, counted: bool = True) -> Log | None:
        kept = self._find(job_id)
        if kept is None:
            return None
        if counted and not kept.job.status.is_final:
            kept.job = replace(kept.job, reads=kept.job.reads + 1)
        later = (entry for entry in kept.log if entry.sequence > after)
        return Log(tuple(islice(later, limit)), kept.trimmed, kept.job.status)

    async def look(self, job_ids: Sequence[str]) -> Mapping[str, Glance]:
        found = [kept.job for job_id in job_ids if (kept := self._find(job_id)) is not None]
        return {job.id: Glance(job.status, job.last, job.reads) for job in found}

    async def waiting(self) -> int:
        now = self.clock()
        return sum(kept.ready_at <= now for kept in self._open.values())

    async def ping(self) -> None:
        """Memory answers."""

    def _check_room(self, job: Job) -> None:
        """Where nobody has a key, all are one tenant."""
        chars = len(job.request)
        if len(self._open) >= self.bounds.max_queued or self._open_chars.total + chars > OPEN_CHARS:
            raise queue_full(len(self._open))
        jobs = self._open_jobs.of(job.tenant)
        theirs = self._open_chars.of(job.tenant) + chars
        if job.tenant and (jobs >= self.bounds.max_of_tenant or theirs > OPEN_CHARS // TENANTS_SHARE):
            raise tenant_has_enough(jobs)

    def _put(self, kept: _Kept) -> None:
        """Keep a job that has not ended, in place of one with its name."""
        job = kept.job
        self._take_out(job.id)
        self._finished.drop(job.id)
        self._jobs[job.id] = self._open[job.id] = kept
        self._open_jobs.add(job.tenant, 1)
        self._open_chars.add(job.tenant, len(job.request))

    def _take_out(self, job_id: str) -> None:
        """Have a job no longer among those that have not ended."""
        if (kept := self._open.pop(job_id, None)) is not None:
            self._open_jobs.add(kept.job.tenant, -1)
            self._open_chars.add(kept.job.tenant, -len(kept.job.request))

    def _next_turn(self, tenant: str) -> int:
        """A tenant's turn comes after its last one, and not before whose turn it is now."""
        if not self._open:
            self._turns.clear()
            self._turn = 0
        self._turns[tenant] = max(self._turn, self._turns.get(tenant, 0)) + 1
        return self._turns[tenant]

    def _lease(self, kept: _Kept) -> Lease:
        kept.token += 1
        kept.ready_at = self.clock() + self.bounds.lease_s
        kept.job = replace(kept.job, status=JobStatus.IN_PROGRESS)
        return Lease(kept.job, kept.token, kept.crashes, kept.setbacks)

    def _claimed(self, claim: Claim) -> _Kept | None:
        """Return the job that the key stands for; a failed or cancelled one leaves the key free."""
        key = self._keys.get(claim.key)
        if key is None:
            return None
        if key.fingerprint != claim.fingerprint:
            raise key_reused()
        kept = self._jobs.get(key.job_id)
        failed = kept is None or kept.job.status in {JobStatus.FAILED, JobStatus.CANCELLED}
        return None if failed else kept

    def _known(self, job_id: str) -> _Kept:
        kept = self._find(job_id)
        if kept is None:
            raise UnknownJobError(job_id)
        return kept

    def _find(self, job_id: str) -> _Kept | None:
        self._forget()
        return self._jobs.get(job_id)

    def _check(self, kept: _Kept, lease: Lease) -> None:
        if kept.token != lease.token or kept.job.status is not JobStatus.IN_PROGRESS:
            raise LeaseLostError(kept.job.id)

    def _end(self, kept: _Kept, ending: Ending) -> None:
        last = Entry(kept.job.last + 1, ending.event, ending.data)
        kept.append(last)
        kept.job = replace(kept.job, status=ending.status, ending=last)
        self._take_out(kept.job.id)
        self._finished.add(kept.job, kept.chars, self.clock() + self.bounds.ttl_s)

    def _forget(self) -> None:
        """Let go of what is too old, or too much."""
        now = self.clock()
        for job_id in self._finished.let_go(now):
            del self._jobs[job_id]
        while self._keys and next(iter(self._keys.values())).forgotten_at <= now:
            del self._keys[next(iter(self._keys))]
