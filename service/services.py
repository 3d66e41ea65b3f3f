"""What a request handler may use: assembled once, by `app.py`, or by tests with fakes."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from service.domain.chat import Sampling
from service.domain.errors import OverloadedError, UnknownModelError
from service.domain.ports import Generator, Sandbox
from service.domain.refinement import Refinement
from service.domain.roles import ChatCritic
from service.store import Store

Ping = Callable[[], Awaitable[None]]
"""Returns when a part can be reached; raises a `ServiceError` when it cannot."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is told of a model: never its address, never its key."""

    name: str
    role: Literal["generator", "critic", "any"]
    engine: str
    template: str = ""
    """Id and digest of the prompt template."""
    notice: str | None = None
    manifest: Mapping[str, object] | None = None
    version: str = ""
    """Changes with the weights' manifest or the template: what makes two judgings comparable."""


@dataclass(frozen=True, slots=True)
class ServedGenerator:
    """A model in the generator's role, and how its completions are decoded by default."""

    card: ModelCard
    generator: Generator
    propose: Sampling
    revise: Sampling
    ping: Ping


@dataclass(frozen=True, slots=True)
class ServedCritic:
    """A model in the critic's role, and how its critiques are decoded by default."""

    card: ModelCard
    critic: ChatCritic
    critique: Sampling
    ping: Ping


class Telemetry(Protocol):
    """Where counts go."""

    def inflight(self, change: int) -> None:
        """Count work begun (1) or ended (-1)."""

    def refinement_finished(self, stop_reason: str, refinement: Refinement | None) -> None:
        """Count a refinement, with its rounds where it has any."""

    def refinements_waiting(self, number: int) -> None:
        """Tell how many background refinements nobody works at."""

    def exposition(self) -> tuple[bytes, str]:
        """Return everything counted, and its media type."""


def stopping() -> OverloadedError:
    """Another gateway may serve what this one no longer can."""
    return OverloadedError("this gateway is stopping; send the request again, to another one")


class Gate:
    """Bounds the work in flight. What does not fit is turned away at once: waiting hides overload."""

    def __init__(self, limit: int, telemetry: Telemetry):
        self._limit = limit
        self._telemetry = telemetry
        self._shut = False
        self.inflight = 0

    def shut(self) -> None:
        """Let nobody else in: the process is about to stop."""
        self._shut = True

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place, or raise `OverloadedError`."""
        if self._shut:
            raise stopping()
        if self.inflight >= self._limit:
            raise OverloadedError(f"{self._limit} requests are at work already; try again shortly")
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        self.inflight += change
        self._telemetry.inflight(change)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may take."""

    request_seconds: float = 900.0
    grace_s: float = 5.0
    """A refinement ends itself in time and returns its best; this much later it is ended."""
    heartbeat_s: float = 10.0
    judge_concurrency: int = 16
    default_rounds: int = 3
    max_background: int = 8
    """Durable refinements taken from the store and at work at once."""
    lease_s: float = 15.0
    max_followers: int = 1_000
    """Clients that wait for durable refinements, or follow their events, at once."""
    follow_s: float = 3_600.0
    """Longest that one of them may stay; then it must come back."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything outside the process, behind the domain's ports."""

    generators: Mapping[str, ServedGenerator]
    critics: Mapping[str, ServedCritic]
    default_generator: str
    default_critic: str
    sandbox: Sandbox
    ping_sandbox: Ping
    telemetry: Telemetry
    gate: Gate
    store: Store
    bounds: Bounds = field(default_factory=Bounds)

    def generator(self, name: str | None) -> ServedGenerator:
        """Find a generator by name; None is the default."""
        name = self.default_generator if name is None else name
        if name not in self.generators:
            raise UnknownModelError("generator", name, tuple(self.generators))
        return self.generators[name]

    def critic(self, name: str | None) -> ServedCritic:
        """Find a critic by name; None is the default."""
        name = self.default_critic if name is None else name
        if name not in self.critics:
            raise UnknownModelError("critic", name, tuple(self.critics))
        return self.critics[name]

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """Every model once, whatever its roles."""
        generators = {name: served.card for name, served in self.generators.items()}
        critics = {name: served.card for name, served in self.critics.items()}
        return tuple((generators | critics).values())
