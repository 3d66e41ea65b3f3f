"""What a request handler may use: assembled once, by `app.py`, or by tests with fakes."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from service.domain.chat import ChatModel, Sampling
from service.domain.errors import UnknownModelError
from service.domain.identity import Identity
from service.domain.limits import Limits, Unlimited
from service.domain.ports import Generator, RunningSandbox
from service.domain.refinement import Refinement
from service.domain.roles import ChatCritic
from service.gate import Gate
from service.observing.spans import Spans
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


@dataclass(frozen=True, slots=True)
class UpstreamReply:
    """What an endpoint answered, to be passed on as it is."""

    status: int
    media_type: str
    headers: Mapping[str, str]
    """When to come back, and nothing else of its headers."""
    body: bytes | AsyncGenerator[bytes, None]
    """All of it, or server-sent events: each piece ends where an event does."""
    refusal: bytes = b""
    """What it said itself where it refused: `body` may tell that in our words."""


class Upstream(Protocol):
    """A model's endpoint, for requests that are not ours to understand."""

    @property
    def model(self) -> str:
        """What the endpoint calls the model."""

    @property
    def members(self) -> Mapping[str, str]:
        """What a body says in our words and not in its sender's: the model's name, and whose cache to use."""

    def post(self, path: str, body: bytes) -> AbstractAsyncContextManager[UpstreamReply]:
        """Send a body with our key and none of the client's headers. Failures are `ModelError`.

        Leaving the context closes the connection, which stops the work at its other end.
        """


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A configured model as itself, in no role."""

    model: ChatModel
    upstream: Upstream | None = None
    """None: the model runs in this process."""


class RefineWhen(StrEnum):
    """Which requests for `refine` are refined; the others reach the generator as they are."""

    NEVER = "never"
    NO_TOOLS = "no_tools"
    ALWAYS = "always"


class Telemetry(Protocol):
    """Where counts go."""

    def inflight(self, change: int) -> None:
        """Count work begun (1) or ended (-1)."""

    def refinement_finished(self, stop_reason: str, refinement: Refinement | None) -> None:
        """Count a refinement, with its rounds where it has any."""

    def job_ended(self) -> None:
        """Count a background refinement whose last word is written."""

    def jobs_at_work(self, number: int) -> None:
        """Tell how many of the `max_background` this process works at."""

    def refinements_waiting(self, number: int) -> None:
        """Tell how many background refinements nobody works at."""

    def request_answered(self, own_seconds: float) -> None:
        """Count a request that called somebody, with the time in which it waited for nobody."""

    def exposition(self) -> tuple[bytes, str]:
        """Return everything counted, and its media type."""


class Keys(Protocol):
    """The keys that are known."""

    def holder(self, key: str) -> Identity | None:
        """Return whose key it is."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may take."""

    request_seconds: float = 900.0
    grace_s: float = 5.0
    """A refinement ends itself in time and returns its best; this much later it is ended."""
    heartbeat_s: float = 10.0
    judge_concurrency: int = 16
    queue_s: float = 100.0
    """How long a trainer's request waits for a place; trainers give up after 120 s or more."""
    default_rounds: int = 3
    max_background: int = 8
    """Durable refinements taken from the store and at work at once."""
    lease_s: float = 15.0
    max_followers: int = 1_000
    """Clients that wait for durable refinements, or follow their events, at once."""
    follow_s: float = 3_600.0
    """Longest that one of them may stay; then it must come back."""
    refine_when: RefineWhen = RefineWhen.NO_TOOLS


@dataclass(frozen=True, slots=True)
class Services:
    """Everything outside the process, behind the domain's ports."""

    generators: Mapping[str, ServedGenerator]
    critics: Mapping[str, ServedCritic]
    default_generator: str
    default_critic: str
    sandbox: RunningSandbox
    ping_sandbox: Ping
    telemetry: Telemetry
    gate: Gate
    store: Store
    bounds: Bounds = field(default_factory=Bounds)
    models: Mapping[str, ServedModel] = field(default_factory=dict)
    keys: Keys | None = None
    """None: nobody is asked for one."""
    limits: Limits = field(default_factory=Unlimited)
    spans: Spans = field(default_factory=Spans)

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
