"""The port to where durable refinements are kept: documents, event logs, finished rounds, leases and keys.

A job has one owner at a time. Its lease carries a token that grows with every owner, and what an owner with
an older token writes is refused: a gateway thought dead cannot spoil what another one goes on with.
Failures of the store are `StoreError`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self not in {JobStatus.QUEUED, JobStatus.IN_PROGRESS}


class LeaseLostError(Exception):
    """Somebody else works at the job, or it has ended; this owner must stop."""


class UnknownJobError(Exception):
    """The store has never heard of the job, or has lost it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a job's log, `data` as JSON. Sequence numbers count from 1 and never repeat."""

    sequence: int
    event: str
    data: str


@dataclass(frozen=True, slots=True)
class Job:
    """A refinement as the store has it. `request` and each of the finished rounds are JSON."""

    id: str
    request: str
    created: int
    tenant: str = ""
    trace: str = ""
    """The `traceparent` under which it was accepted: whoever works at it goes on with that trace."""
    background: bool = True
    """Whether it goes on when nobody waits for it."""
    status: JobStatus = JobStatus.QUEUED
    rounds: Mapping[str, str] = field(default_factory=dict)
    last: int = 0
    """Sequence number of its latest event."""
    reads: int = 0
    """How often its log has been read before its end."""
    ending: Entry | None = None
    """The last event of a job that has ended; it carries the answer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An idempotency key, already scoped to its tenant, and what the request that carries it looks like."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work at a job until it expires.

    `crashes` counts owners who let it expire, `setbacks` how often it was put off since its last round.
    """

    job: Job
    token: int
    crashes: int = 0
    setbacks: int = 0


@dataclass(frozen=True, slots=True)
class Created:
    """A job that was created, or the one that the key already stands for."""

    id: str
    joined: bool = False
    lease: Lease | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ends; `data` is the last event's, and the answer."""

    status: JobStatus
    event: str
    data: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What an owner writes at once: all of it or nothing."""

    entries: Sequence[Entry] = ()
    rounds: Mapping[str, str] = field(default_factory=dict)
    ending: Ending | None = None
    """Its event is numbered after the entries."""


@dataclass(frozen=True, slots=True)
class Log:
    """Part of a job's log. Entries up to `trimmed` are no longer kept."""

    entries: tuple[Entry, ...]
    trimmed: int
    status: JobStatus


@dataclass(frozen=True, slots=True)
class Glance:
    """What is cheap to know of a job."""

    status: JobStatus
    last: int
    reads: int = field(default=0, compare=False)


class Store(Protocol):
    """Keeps jobs. Every operation is atomic."""

    @property
    def name(self) -> str:
        """What it is called in `/ready`."""

    @property
    def shared(self) -> bool:
        """Whether other processes see it, so that work can be handed to them."""

    async def create(
        self, job: Job, entries: Sequence[Entry] = (), *, claim: Claim | None = None, leased: bool = False
    ) -> Created:
        """Keep a new job; `leased` to the caller, or waiting for whoever takes it.

        With a claim whose key stands for a job that runs or is completed, that job is joined instead.
        A key that was used for another request is a `RequestError`; a full queue an `OverloadedError`.
        """

    async def take(self) -> Lease | None:
        """Lease the job that could be taken longest; one whose owner fell silent can be, after its lease."""

    async def write(self, lease: Lease, batch: Batch) -> None:
        """Write and renew the lease. Entries that are already there are skipped: a batch may be repeated.

        Raises `LeaseLostError` or `UnknownJobError`.
        """

    async def release(self, lease: Lease, after_s: float | None = None) -> None:
        """Give an unfinished job back, for anyone to take at once, before those that have not begun.

        With `after_s` it is put off for so long, and the setback is counted until a round is finished.
        """

    async def cancel(self, job_id: str, ending: Ending) -> JobStatus | None:
        """End a job that has not ended, whoever works at it; return the status it had, None if unknown."""

    async def leave(self, job_id: str, ending: Ending) -> None:
        """Say that one who waited for a job has left; a foreground job ends with the last of them."""

    async def keep(self, job_id: str) -> None:
        """Let a job go on although nobody waits for it."""

    async def job(self, job_id: str) -> Job | None:
        """Find a job."""

    async def log(self, job_id: str, after: int, limit: int = 256, *, counted: bool = True) -> Log | None:
        """Read the entries after a sequence number, so many at once; `counted` lets its owner know."""

    async def look(self, job_ids: Sequence[str]) -> Mapping[str, Glance]:
        """Glance at jobs; those that are unknown are left out."""

    async def waiting(self) -> int:
        """Count the jobs that nobody works at."""

    async def ping(self) -> None:
        """Return if the store answers."""
