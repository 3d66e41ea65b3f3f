"""The replicas of a model, and to which of them a gateway sends a call."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from benchmarks.capacity.simulation.clock import Then, Wait
from benchmarks.capacity.simulation.replica import Replica
from benchmarks.capacity.workload import Call
from service.adapters.openai.replicas import CROWDED, FEW


@dataclass(slots=True)
class Preference:
    """The order in which the calls of one refinement try the replicas: all its prompts begin alike."""

    rng: Random
    replicas: int
    _order: list[int] = field(default_factory=list)

    def __getitem__(self, place: int) -> int:
        while len(self._order) <= place:
            following = self.rng.randrange(self.replicas)
            if following not in self._order:
                self._order.append(following)
        return self._order[place]


@dataclass(slots=True)
class Pool:
    """Replicas of one model. Each gateway counts its own calls and knows of no others."""

    replicas: Sequence[Replica]
    completed: int = 0
    _of_gateway: dict[int, Counter[int]] = field(default_factory=dict)

    def complete(self, call: Call, gateway: int, preference: Preference) -> Wait:
        """Answer a call by the first replica that is not crowded with the gateway's own."""
        return partial(self._send, call, gateway, preference)

    def begin(self) -> None:
        """Measure from now on."""
        self.completed = 0
        for replica in self.replicas:
            replica.begin()

    @property
    def running(self) -> float:
        """Calls at work, on average."""
        return sum(replica.running.mean for replica in self.replicas)

    @property
    def waiting(self) -> float:
        """Calls that wait for a place, on average."""
        return sum(replica.waiting.mean for replica in self.replicas)

    def _send(self, call: Call, gateway: int, preference: Preference, then: Then) -> None:
        inflight = self._of_gateway.setdefault(gateway, Counter())
        chosen = self._chosen(inflight, preference)
        inflight[chosen] += 1

        def answered() -> None:
            inflight[chosen] -= 1
            self.completed += 1
            then()

        self.replicas[chosen].complete(call)(answered)

    def _chosen(self, inflight: Counter[int], preference: Preference) -> int:
        crowd = max(FEW, CROWDED * (1 + inflight.total()) / len(self.replicas))
        if inflight[preference[0]] < crowd:
            return preference[0]
        ranked = (preference[place] for place in range(len(self.replicas)))
        return next((replica for replica in ranked if inflight[replica] < crowd), preference[0])
