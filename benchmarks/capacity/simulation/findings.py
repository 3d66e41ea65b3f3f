"""What a simulation found, in the same words as the plan that it is compared with."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.capacity.plan import Load, Plan, Sizes
from benchmarks.capacity.simulation.arrivals import burst, poisson
from benchmarks.capacity.simulation.system import Bounds, System
from benchmarks.capacity.workload import Role
from benchmarks.percentiles import percentile


@dataclass(frozen=True, slots=True)
class Findings:
    """Of the time measured, in one system."""

    offered: float
    """Refinements a second that asked."""
    throughput: float
    """That ended."""
    refused: float
    latencies_s: tuple[float, ...]
    inflight: float
    load: Load
    queues: dict[str, float]
    """How many wait in front of each part, on average."""
    queued: float
    """Jobs that no gateway worked at."""

    @property
    def mean_s(self) -> float:
        """Latency."""
        return statistics.fmean(self.latencies_s)

    def percentile_s(self, percent: int) -> float:
        """Latency."""
        return percentile(self.latencies_s, percent)

    @property
    def longest(self) -> str:
        """The part with the longest queue."""
        return max(self.queues.items(), key=lambda queue: queue[1])[0]


@dataclass(frozen=True, slots=True)
class Course:
    """How long is simulated, and how."""

    warm_s: float
    measured_s: float
    seed: int = 0
    burst: int = 0
    """Refinements that ask at once when the measuring begins, beside all others."""


def simulate(plan: Plan, rate: float, sizes: Sizes, course: Course, bounds: Bounds | None = None) -> Findings:
    """Let refinements arrive at random moments, `rate` a second; the same seed finds the same."""
    rng = Random(course.seed)  # noqa: S311 - arrivals, not secrets
    system = System(plan, sizes, rng, bounds or Bounds())
    system.clock.start(poisson(system, rate, rng))
    system.clock.run(course.warm_s)
    system.begin()
    system.clock.start(burst(system, 0.0, course.burst))
    system.clock.run(course.warm_s + course.measured_s)
    return _found(system, course.measured_s)


def pooled(found: Sequence[Findings]) -> Findings:
    """Put cells together that are alike: rates add up, loads are averages."""
    count = len(found)
    loads = [each.load.named() for each in found]
    return Findings(
        sum(each.offered for each in found),
        sum(each.throughput for each in found),
        sum(each.refused for each in found),
        tuple(latency for each in found for latency in each.latencies_s),
        sum(each.inflight for each in found),
        Load(**{part: sum(load[part] for load in loads) / count for part in loads[0]}),
        {part: sum(each.queues[part] for each in found) for part in found[0].queues},
        sum(each.queued for each in found),
    )


def _found(system: System, seconds: float) -> Findings:
    gateways = [gateway.core for gateway in system.gateways]
    pools = system.pools
    return Findings(
        system.arrived / seconds,
        len(system.latencies_s) / seconds,
        system.refused / seconds,
        tuple(system.latencies_s),
        system.inflight.mean,
        Load(
            statistics.fmean(core.utilisation for core in gateways),
            system.sandbox.utilisation,
            _engine_load(system, Role.GENERATOR, seconds),
            _engine_load(system, Role.CRITIC, seconds),
            statistics.fmean(store.utilisation for store in system.stores),
        ),
        {
            "gateway": sum(core.waiting.mean for core in gateways),
            "sandbox": system.sandbox.waiting.mean,
            "generator": pools[Role.GENERATOR].waiting,
            "critic": pools[Role.CRITIC].waiting,
            "redis": sum(store.waiting.mean for store in system.stores),
        },
        system.queued.mean,
    )


def _engine_load(system: System, role: Role, seconds: float) -> float:
    """Answers, as a share of what the replicas can give at most."""
    pool, call = system.pools[role], system.plan.workload.mean(role).call
    return pool.completed / seconds / len(pool.replicas) / system.plan.engines[role].rate(call)
