"""What a rate of refinements needs, worked out without a queue simulated: sizes, load, latency.

Each formula is one line: load = rate x cost, how many = load / target, in flight = rate x seconds (Little).
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from benchmarks.capacity.costs import Costs
from benchmarks.capacity.engine import Engine
from benchmarks.capacity.queues import wait_s
from benchmarks.capacity.workload import Role, Workload


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many there are of each part. A gateway is a process with one core, as Redis has one thread."""

    gateways: int
    sandbox_cores: int
    replicas: Mapping[Role, int]
    stores: int


@dataclass(frozen=True, slots=True)
class Load:
    """Share of each part that is at work; 1 is its limit."""

    gateway: float
    sandbox: float
    generator: float
    critic: float
    redis: float

    def named(self) -> dict[str, float]:
        """By part."""
        return asdict(self)

    @property
    def first(self) -> str:
        """The part that will break first."""
        return max(self.named().items(), key=lambda part: part[1])[0]


@dataclass(frozen=True)
class Plan:
    """A workload, what things cost, and the engines."""

    workload: Workload
    costs: Costs
    engines: Mapping[Role, Engine]
    durable: float = 1.0
    """Share of the refinements that are jobs in Redis."""
    target: float = 0.7
    """Load at which a part is as full as it should be."""

    def __post_init__(self) -> None:
        for name, value in (("durable", self.durable), ("target", self.target)):
            if not 0 <= value <= 1:
                raise ValueError(f"{name}: {value} is no share; give 0 to 1")

    @cached_property
    def calls(self) -> float:
        """Calls to models, of both roles."""
        return sum(self.workload.mean(role).calls for role in Role)

    @property
    def pieces(self) -> float:
        """Pieces in which the completions of a job arrive."""
        shares = map(self.workload.mean, Role)
        return sum(share.calls * share.call.completion for share in shares) / self.workload.piece_tokens

    def gateway_s(self, seconds: float, durable: float | None = None) -> float:
        """CPU of a gateway for a refinement that is at work for `seconds`."""
        cost = self.costs.gateway
        tested = self.workload.rounds * cost.submission_ms.s if self.workload.tested else 0.0
        share = self.durable if durable is None else durable
        whole = cost.request_ms.s + self.calls * cost.call_ms.s
        job = cost.job_ms.s + self.pieces * cost.piece_ms.s + seconds * cost.second_ms.s
        return (1 - share) * whole + share * job + tested

    def sandbox_s(self) -> float:
        """CPU of the sandbox."""
        return self.workload.rounds * self.costs.sandbox.submission_ms.s if self.workload.tested else 0.0

    def redis_s(self, seconds: float, durable: float | None = None) -> float:
        """Time of Redis' thread: for what a job says, and for how long it is at work."""
        cost = self.costs.redis
        share = self.durable if durable is None else durable
        return share * (cost.job_ms.s + seconds * cost.second_ms.s)

    def gpu_s(self, role: Role) -> float:
        """GPU time, on replicas that are as full as they can be."""
        share, engine = self.workload.mean(role), self.engines[role]
        return share.calls * engine.gpus / engine.rate(share.call)

    def sizes(self, rate: float) -> Sizes:
        """How many of each keep every part at `target`.

        Time at work depends on the engines' load and costs gateway and Redis CPU, so engines come first.
        """
        replicas = {
            role: self._enough(rate * share.calls / self.engines[role].rate(share.call))
            for role in Role
            for share in (self.workload.mean(role),)
        }
        cores = self._enough(rate * self.sandbox_s())
        seconds = self._elsewhere_s(rate, Sizes(1, cores, replicas, 1))
        gateways, stores = rate * self.gateway_s(seconds), rate * self.redis_s(seconds)
        return Sizes(self._enough(gateways), cores, replicas, self._enough(stores))

    def load(self, rate: float, sizes: Sizes) -> Load:
        """Share of each part at work.

        What waits in front of an engine that is too small would be ever more, and so would all that is asked
        about it; it counts as being at work no longer than it takes on a full replica.
        """
        seconds = min(self._elsewhere_s(rate, sizes), self._full_s())
        engines = {role: self._engine_load(role, rate, sizes) for role in Role}
        return Load(
            rate * self.gateway_s(seconds) / sizes.gateways,
            rate * self.sandbox_s() / sizes.sandbox_cores,
            engines[Role.GENERATOR],
            engines[Role.CRITIC],
            rate * self.redis_s(seconds) / sizes.stores,
        )

    def seconds(self, rate: float, sizes: Sizes) -> float:
        """Mean time of a refinement, from its beginning to its end."""
        return self._elsewhere_s(rate, sizes) + self._own_s(rate, sizes)

    def model_s(self, role: Role, rate: float, sizes: Sizes) -> float:
        """Time that the calls of a role take together, in one refinement."""
        share = self.workload.mean(role)
        return share.calls * self.engines[role].call_s(share.call, rate * share.calls / sizes.replicas[role])

    def _elsewhere_s(self, rate: float, sizes: Sizes) -> float:
        """Time with models and sandbox."""
        rounds, submission_s = self.workload.rounds, self.costs.sandbox.submission_ms.s
        waited = rounds * wait_s(sizes.sandbox_cores, rate * rounds, submission_s)
        judged = self.sandbox_s() + (waited if self.workload.tested else 0)
        return judged + sum(self.model_s(role, rate, sizes) for role in Role)

    def _full_s(self) -> float:
        """Time with models that are as full as they can be, and with the sandbox."""
        shares = [(self.engines[role], self.workload.mean(role)) for role in Role]
        return self.sandbox_s() + sum(
            share.calls * engine.sequences(share.call) / engine.rate(share.call) for engine, share in shares
        )

    def _own_s(self, rate: float, sizes: Sizes) -> float:
        """Time in a gateway: its bursts, and the wait before each, as in M/D/1 at the gateway's load."""
        tested = self.workload.rounds if self.workload.tested else 0
        bursts = 2 * (self.calls + tested + 1)
        total = self.gateway_s(0)
        load = self.load(rate, sizes).gateway
        return total + bursts * wait_s(1, load * bursts / total, total / bursts)

    def _engine_load(self, role: Role, rate: float, sizes: Sizes) -> float:
        share = self.workload.mean(role)
        return rate * share.calls / sizes.replicas[role] / self.engines[role].rate(share.call)

    def _enough(self, load: float) -> int:
        return max(1, math.ceil(load / self.target))
