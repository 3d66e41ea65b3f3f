"""A store in Redis, which several gateways share.

A job is a hash, a stream of its events and a hash of its rounds. One sorted set has all unfinished jobs,
scored by when each may be taken, or by its tenant's turn: queue and leases in one. What must be atomic is a
Lua script; the clock is Redis' own. Not covered: what Redis itself loses. Without an append-only file a
restart forgets waiting jobs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.adapters.store.bounds import StoreBounds
from service.adapters.store.calls import RedisCalls
from service.adapters.store.refusals import key_reused, queue_full, tenant_has_enough
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

_REFUSED = {"lost": LeaseLostError, "unknown": UnknownJobError}


class RedisStore:
    """Jobs in Redis, under a prefix. `owner` is told to people who look at a job's hash."""

    name = "redis"
    shared = True

    def __init__(self, calls: RedisCalls, prefix: str, bounds: StoreBounds, owner: str):
        self._calls = calls
        self._prefix = prefix
        self._bounds = bounds
        self._owner = owner
        self._lease_ms = int(bounds.lease_s * 1000)
        self._ttl_ms = int(bounds.ttl_s * 1000)

    async def create(
        self, job: Job, entries: Sequence[Entry] = (), *, claim: Claim | None = None, leased: bool = False
    ) -> Created:
        key, fingerprint = ("", "") if claim is None else (claim.key, claim.fingerprint)
        reply = await self._calls.script(
            "create",
            [*self._keys(job.id), f"{self._prefix}key:{key}"],
            [
                *(job.id, self._owner, self._lease_ms if leased else "", self._bounds.max_events),
                *(self._bounds.max_queued, fingerprint, self._ttl_ms, f"{self._prefix}job:"),
                *(job.request, job.created, job.tenant, _flag(job.background), job.last),
                # Where nobody has a key, all are one tenant.
                self._bounds.max_of_tenant if job.tenant else "",
                job.trace,
                *_listed(entries, job.rounds),
            ],
        )
        match reply:
            case ["reused"]:
                raise key_reused()
            case ["full"]:
                raise queue_full(self._bounds.max_queued)
            case ["enough"]:
                raise tenant_has_enough(self._bounds.max_of_tenant)
            case ["joined", other]:
                return Created(other, joined=True)
        return Created(job.id, lease=Lease(_begun(job, entries), int(reply[2])) if leased else None)

    async def take(self) -> Lease | None:
        reply = await self._calls.script(
            "take", [self._open], [self._prefix, self._owner, str(self._lease_ms)]
        )
        if reply is None:
            return None
        job_id, fields, rounds = reply[0], _pairs(reply[1]), _pairs(reply[2])
        counts = (int(fields.get(name, 0)) for name in ("token", "crashes", "setbacks"))
        return Lease(_job(job_id, fields, rounds), *counts)

    async def write(self, lease: Lease, batch: Batch) -> None:
        ending = ("", "", "") if batch.ending is None else _told(batch.ending)
        said = await self._calls.script(
            "write",
            self._keys(lease.job.id),
            [
                *(lease.job.id, lease.token, self._lease_ms, self._bounds.max_events, self._ttl_ms),
                *ending,
                *_listed(batch.entries, batch.rounds),
            ],
        )
        _refuse(said, lease)

    async def release(self, lease: Lease, after_s: float | None = None) -> None:
        job_id = lease.job.id
        after_ms = "" if after_s is None else int(after_s * 1000)
        said = await self._calls.script("release", self._keys(job_id), [job_id, lease.token, after_ms])
        _refuse(said, lease)

    async def cancel(self, job_id: str, ending: Ending) -> JobStatus | None:
        return await self._cancel(job_id, ending, leaving=False)

    async def leave(self, job_id: str, ending: Ending) -> None:
        await self._cancel(job_id, ending, leaving=True)

    async def keep(self, job_id: str) -> None:
        await self._calls.script("keep", [self._key("job", job_id)], [])

    async def job(self, job_id: str) -> Job | None:
        found = await self._calls.script("job", [self._key("job", job_id), self._key("rounds", job_id)], [])
        fields, rounds = map(_pairs, found)
        return _job(job_id, fields, rounds) if fields else None

    async def log(self, job_id: str, after: int, limit: int = 256, *, counted: bool = True) -> Log | None:
        keys = [self._key("job", job_id), self._key("log", job_id)]
        found = await self._calls.script("log", keys, [f"{after + 1}-0", limit, _flag(counted)])
        if found is None:
            return None
        status, trimmed, entries = found
        return Log(tuple(_entry(*entry) for entry in entries), int(trimmed), JobStatus(status))

    async def look(self, job_ids: Sequence[str]) -> Mapping[str, Glance]:
        asked = [("HMGET", self._key("job", job_id), "status", "last", "reads") for job_id in job_ids]
        replies = await self._calls.together(*asked) if asked else []
        return {
            job_id: Glance(JobStatus(status), int(last), int(reads or 0))
            for job_id, (status, last, reads) in zip(job_ids, replies, strict=True)
            if status is not None
        }

    async def waiting(self) -> int:
        return int(await self._calls.script("waiting", [self._open], []))

    async def ping(self) -> None:
        await self._calls.together(("PING",))

    async def _cancel(self, job_id: str, ending: Ending, *, leaving: bool) -> JobStatus | None:
        said = await self._calls.script(
            "cancel",
            self._keys(job_id),
            [job_id, self._bounds.max_events, self._ttl_ms, *_told(ending), "1" if leaving else ""],
        )
        return None if said is None else JobStatus(said)

    @property
    def _open(self) -> str:
        return f"{self._prefix}open"

    def _key(self, kind: str, job_id: str) -> str:
        return f"{self._prefix}{kind}:{job_id}"

    def _keys(self, job_id: str) -> list[str]:
        return [*(self._key(kind, job_id) for kind in ("job", "log", "rounds")), self._open]


def _refuse(said: str, lease: Lease) -> None:
    if said in _REFUSED:
        raise _REFUSED[said](lease.job.id)


def _told(ending: Ending) -> tuple[str, str, str]:
    return ending.status.value, ending.event, ending.data


def _listed(entries: Sequence[Entry], rounds: Mapping[str, str]) -> list[str | int]:
    listed: list[str | int] = [len(entries)]
    for entry in entries:
        listed += (entry.sequence, entry.event, entry.data)
    for name, a_round in rounds.items():
        listed += (name, a_round)
    return listed


def _begun(job: Job, entries: Sequence[Entry]) -> Job:
    last = entries[-1].sequence if entries else job.last
    return replace(job, status=JobStatus.IN_PROGRESS, last=last)


def _flag(value: bool) -> str:
    return "1" if value else ""


def _pairs(flat: Sequence[str]) -> Mapping[str, str]:
    """Scripts return hashes as flat lists."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _job(job_id: str, fields: Mapping[str, str], rounds: Mapping[str, str]) -> Job:
    ended = "end_sequence" in fields
    return Job(
        id=job_id,
        request=fields["request"],
        created=int(fields["created"]),
        tenant=fields["tenant"],
        trace=fields.get("trace", ""),
        background=fields["background"] == "1",
        status=JobStatus(fields["status"]),
        rounds=rounds,
        last=int(fields["last"]),
        reads=int(fields.get("reads", 0)),
        ending=Entry(int(fields["end_sequence"]), fields["end_event"], fields["end_data"]) if ended else None,
    )


def _entry(stream_id: str, fields: Sequence[str]) -> Entry:
    told = _pairs(fields)
    return Entry(int(stream_id.partition("-")[0]), told["event"], told["data"])
