"""Gateways, engines, a sandbox and a store, and refinements that pass through them."""

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from benchmarks.capacity.plan import Plan, Sizes
from benchmarks.capacity.simulation.clock import Clock, Process
from benchmarks.capacity.simulation.level import Level
from benchmarks.capacity.simulation.pool import Pool, Preference
from benchmarks.capacity.simulation.replica import Replica
from benchmarks.capacity.simulation.station import Station
from benchmarks.capacity.workload import Call, Role
from service.api.jobs.desk import IDLE_POLLS, POLL_S


@dataclass(frozen=True, slots=True)
class Bounds:
    """What turns work away or lets it wait; the settings of the same names have other defaults."""

    max_inflight: float = math.inf
    """Of the foreground, in one gateway."""
    max_background: float = math.inf
    """Jobs at work in one gateway."""
    max_queued: float = math.inf
    """Jobs not finished, of all gateways together."""


@dataclass(slots=True)
class _Gateway:
    number: int
    core: Station
    inflight: int = 0
    jobs: int = 0


@dataclass(slots=True)
class System:
    """All parts. `latencies_s` are of the refinements that ended since the measuring began."""

    plan: Plan
    sizes: Sizes
    rng: Random
    bounds: Bounds = field(default_factory=Bounds)
    clock: Clock = field(default_factory=Clock)
    latencies_s: list[float] = field(default_factory=list)
    arrived: int = 0
    refused: int = 0
    inflight: Level = field(init=False)
    queued: Level = field(init=False)
    """Jobs that no gateway works at."""
    gateways: list[_Gateway] = field(init=False)
    sandbox: Station = field(init=False)
    stores: list[Station] = field(init=False)
    pools: dict[Role, Pool] = field(init=False)
    _queue: deque[tuple[float, Station]] = field(default_factory=deque)
    _unfinished: int = 0

    def __post_init__(self) -> None:
        clock, sizes = self.clock, self.sizes
        self.inflight, self.queued = Level(clock), Level(clock)
        self.gateways = [_Gateway(number, Station(clock, 1)) for number in range(sizes.gateways)]
        self.sandbox = Station(clock, sizes.sandbox_cores)
        self.stores = [Station(clock, 1) for _ in range(sizes.stores)]
        self.pools = {
            role: Pool([Replica(clock, self.plan.engines[role]) for _ in range(number)])
            for role, number in sizes.replicas.items()
        }
        if self.plan.durable:
            for gateway in self.gateways:
                clock.start(self._attend(gateway))

    def begin(self) -> None:
        """Measure from now on."""
        self.latencies_s.clear()
        self.arrived = self.refused = 0
        self.inflight.begin()
        self.queued.begin()
        for station in self.stations():
            station.begin()
        for pool in self.pools.values():
            pool.begin()

    def stations(self) -> Iterator[Station]:
        """Every part that has cores and a queue."""
        yield from (gateway.core for gateway in self.gateways)
        yield self.sandbox
        yield from self.stores

    def arrive(self) -> None:
        """Let a client ask for a refinement."""
        self.arrived += 1
        gateway = self.rng.choice(self.gateways)
        if self.rng.random() < self.plan.durable:
            self._accept(gateway)
        elif gateway.inflight >= self.bounds.max_inflight:
            self.refused += 1
        else:
            self.clock.start(self._in_front(gateway))

    def _accept(self, gateway: _Gateway) -> None:
        """Put a job into the queue; this gateway looks there at once."""
        if self._unfinished >= self.bounds.max_queued:
            self.refused += 1
            return
        self._unfinished += 1
        self.inflight.add(1)
        self.queued.add(1)
        self._queue.append((self.clock.now, self.rng.choice(self.stores)))
        self._take(gateway)

    def _take(self, gateway: _Gateway) -> None:
        while self._queue and gateway.jobs < self.bounds.max_background:
            came, store = self._queue.popleft()
            self.queued.add(-1)
            self.clock.start(self._as_job(gateway, came, store))

    def _in_front(self, gateway: _Gateway) -> Process:
        """Refine for a client that waits."""
        came = self.clock.now
        gateway.inflight += 1
        self.inflight.add(1)
        yield from self._refined(gateway, None)
        gateway.inflight -= 1
        self._ended(came)

    def _as_job(self, gateway: _Gateway, came: float, store: Station) -> Process:
        """Refine what the store has; the end counts when it is written."""
        gateway.jobs += 1
        yield store.work(self._write_s)
        yield from self._refined(gateway, store)
        yield store.work(self._write_s)
        gateway.jobs -= 1
        self._unfinished -= 1
        self._ended(came)
        self._take(gateway)

    def _ended(self, came: float) -> None:
        self.inflight.add(-1)
        self.latencies_s.append(self.clock.now - came)

    def _refined(self, gateway: _Gateway, store: Station | None) -> Process:
        cost, workload = self.plan.costs.gateway, self.plan.workload
        preference = {role: Preference(self.rng, len(pool.replicas)) for role, pool in self.pools.items()}
        half_s = (cost.request_ms.s if store is None else cost.job_ms.s) / 2
        yield gateway.core.work(half_s)
        for index in range(workload.revisions + 1):
            written, reviewed = workload.round(index)
            yield from self._called(gateway, written, preference[written.role], store)
            if workload.tested:
                yield from self._judged(gateway)
            yield from self._called(gateway, reviewed, preference[reviewed.role], store)
            if self.rng.random() < workload.accepted:
                break
        yield gateway.core.work(half_s)

    def _called(
        self, gateway: _Gateway, call: Call, preference: Preference, store: Station | None
    ) -> Process:
        drawn = replace(call, completion=self._drawn(call.completion))
        half_s = self._call_s(drawn, store) / 2
        yield gateway.core.work(half_s)
        yield self.pools[call.role].complete(drawn, gateway.number, preference)
        yield gateway.core.work(half_s)
        if store is not None:
            store.work(self._write_s)(_nothing)  # events are written behind; nobody waits

    def _call_s(self, call: Call, store: Station | None) -> float:
        """CPU of the gateway: a whole answer, or the pieces of a streamed one."""
        cost = self.plan.costs.gateway
        pieces = call.completion / self.plan.workload.piece_tokens
        return cost.call_ms.s if store is None else pieces * cost.piece_ms.s

    def _judged(self, gateway: _Gateway) -> Process:
        half_s = self.plan.costs.gateway.submission_ms.s / 2
        yield gateway.core.work(half_s)
        yield self.sandbox.work(self.plan.costs.sandbox.submission_ms.s)
        yield gateway.core.work(half_s)

    def _attend(self, gateway: _Gateway) -> Process:
        """Ask the store about the jobs at work, and now and then for more."""
        costs, polls = self.plan.costs, 0
        yield self.clock.pause(self.rng.random() * POLL_S)
        while True:
            seconds = POLL_S * gateway.jobs
            if seconds:
                for store in self.stores:
                    store.work(seconds * costs.redis.second_ms.s / len(self.stores))(_nothing)
                gateway.core.work(seconds * costs.gateway.second_ms.s)(_nothing)
            if polls % IDLE_POLLS == 0:
                self._take(gateway)
            polls += 1
            yield self.clock.pause(POLL_S)

    @property
    def _write_s(self) -> float:
        """One of the writes that a job of all its calls does."""
        return self.plan.costs.redis.job_ms.s / (self.plan.calls + 2)

    def _drawn(self, mean: float) -> float:
        """Draw a length, gamma distributed."""
        variation = self.plan.workload.variation
        if not variation:
            return mean
        shape = 1 / variation**2
        return self.rng.gammavariate(shape, mean / shape)


def _nothing() -> None:
    """Nobody waits for it."""
