"""What a request handler may use: assembled once, by `app.py`, or by tests with fakes."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from service.domain.chat import ChatModel, Sampling
from service.domain.errors import OverloadedError, UnknownModelError
from service.domain.ports import Generator, RunningSandbox
from service.domain.refinement import Refinement
from service.domain.roles import ChatCritic
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


class Upstream(Protocol):
    """A model's endpoint, for requests that are not ours to understand."""

    @property
    def model(self) -> str:
        """What the endpoint calls the model."""

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

    def refinements_waiting(self, number: int) -> None:
        """Tell how many background refinements nobody works at."""

    def request_answered(self, own_seconds: float) -> None:
        """Count a request that called somebody, with the time in which it waited for nobody."""

    def exposition(self) -> tuple[bytes, str]:
        """Return everything counted, and its media type."""


_MAX_WAITING = 4096


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
        self._waiting: deque[asyncio.Future[None]] = deque()

    def shut(self) -> None:
        """Let nobody else in: the process is about to stop."""
        self._shut = True

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place, or raise `OverloadedError`."""
        self._take()
        try:
            yield
        finally:
            self._release()

    @asynccontextmanager
    async def queue(self, seconds: float) -> AsyncIterator[None]:
        """Hold a place, waiting for one in turn; raise `OverloadedError` where none comes free in time.

        For clients that take being turned away for a failed reward, and ask again at once.
        """
        await self._wait(seconds)
        try:
            yield
        finally:
            self._release()

    def _take(self) -> None:
        if self._shut:
            raise stopping()
        if self.inflight >= self._limit:
            raise OverloadedError(f"{self._limit} requests are at work already; try again shortly")
        self._count(1)

    async def _wait(self, seconds: float) -> None:
        if self._shut or self.inflight < self._limit or len(self._waiting) >= _MAX_WAITING:
            self._take()
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(seconds):
                await place
        except BaseException as error:
            self._leave(place)
            if isinstance(error, TimeoutError):
                raise OverloadedError(f"no place came free within {seconds:g} s") from None
            raise

    def _leave(self, place: asyncio.Future[None]) -> None:
        """Pass on a place that was given to who left at the same moment."""
        if place in self._waiting:
            self._waiting.remove(place)
        elif place.done() and not place.cancelled():
            self._release()

    def _release(self) -> None:
        """Hand the place to whoever has waited longest, so that nobody new comes between."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
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
