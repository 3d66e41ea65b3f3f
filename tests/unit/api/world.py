"""A gateway whose parts are fakes, and ways to call it."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from service.adapters.keys import open_keyring
from service.adapters.memory_limits import MemoryLimits
from service.adapters.metrics import MeteredCritic, MeteredModel, MeteredSandbox, Metrics
from service.adapters.store import MemoryStore
from service.adapters.traced import TracedModel, TracedSandbox
from service.app import create_app
from service.domain.chat import Sampling
from service.domain.errors import ServiceError
from service.gate import Gate
from service.observing.spans import Spans
from service.services import (
    Bounds,
    ModelCard,
    ServedCritic,
    ServedGenerator,
    ServedModel,
    Services,
)
from service.settings import EmbeddedModelSettings, Settings
from service.store import Store
from tests.fakes import CORRECT, INCORRECT, FakeChatModel, ScriptedGenerator, ScriptedSandbox

Json = dict[str, Any]

NOTICE = "mini world only"
WRONG, RIGHT = "def f(x):\n    return x", "def f(x):\n    return x + 1"
TESTS = [{"args": [3], "expected": 4}]
PROPOSE, REVISE, REVIEW = Sampling(temperature=0.7), Sampling(temperature=0.0), Sampling(temperature=0.3)


def settings(**changes: Any) -> Settings:
    model = EmbeddedModelSettings(engine="embedded", path=Path("unused"))
    return Settings(models={"mini-generator": model, "mini-critic": model}, **changes)


@dataclass
class World:
    """By default the draft is wrong, the critic says so, and the revision is right."""

    generator: ScriptedGenerator = field(default_factory=lambda: ScriptedGenerator([WRONG, RIGHT]))
    critic: FakeChatModel = field(default_factory=lambda: FakeChatModel([INCORRECT, CORRECT]))
    sandbox: ScriptedSandbox = field(default_factory=ScriptedSandbox)
    bounds: Bounds = field(default_factory=Bounds)
    max_inflight: int = 8
    unreachable: Mapping[str, ServiceError] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)
    store: Store = field(default_factory=MemoryStore)
    models: Mapping[str, ServedModel] = field(default_factory=dict)
    others: Mapping[str, ServedCritic] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    spans: Spans = field(default_factory=Spans)
    gate: Gate = field(init=False)
    limits: MemoryLimits = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(self.max_inflight, self.metrics)

    def services(self, settings: Settings) -> Services:
        keyring = open_keyring(settings)
        quotas = {} if keyring is None else keyring.quotas
        self.limits = MemoryLimits(quotas, self.clock, reserve_tokens=settings.auth.reserve_tokens)
        card = ModelCard("mini-generator", "generator", "embedded", "g/1@abc", NOTICE, {"schema": 1}, "g@1")
        generator = ServedGenerator(card, self.generator, PROPOSE, REVISE, self._ping("generator"))
        card = ModelCard("mini-critic", "critic", "embedded", "c/1@abc", NOTICE, {"schema": 1}, "c@1+c/1@abc")
        traced = TracedModel(self.critic, "critic", self.spans) if self.spans.recorded else self.critic
        model = MeteredModel(traced, "critic", self.metrics)
        critic = MeteredCritic(model, metrics=self.metrics)
        sandbox = TracedSandbox(self.sandbox, self.spans) if self.spans.recorded else self.sandbox
        return Services(
            generators={"mini-generator": generator},
            critics={"mini-critic": ServedCritic(card, critic, REVIEW, self._ping("critic")), **self.others},
            default_generator="mini-generator",
            default_critic="mini-critic",
            sandbox=MeteredSandbox(sandbox, self.metrics),
            ping_sandbox=self._ping("sandbox"),
            telemetry=self.metrics,
            gate=self.gate,
            store=self.store,
            bounds=self.bounds,
            models=self.models,
            keys=keyring,
            limits=self.limits,
            spans=self.spans,
        )

    def app(self, **changes: Any) -> FastAPI:
        @asynccontextmanager
        async def open_fakes(settings: Settings) -> AsyncGenerator[Services, None]:
            yield self.services(settings)

        return create_app(settings(**changes), open_fakes)

    def metric(self, name: str) -> float:
        """Read one line of the exposition, such as `ctrl_inflight`."""
        lines = self.metrics.exposition()[0].decode().splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.rsplit(" ", 1)[0] == name), 0.0)

    def _ping(self, part: str) -> Any:
        async def ping() -> None:
            if part in self.unreachable:
                raise self.unreachable[part]

        return ping


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient, None]:
    """Call an application without a network; an exception in it is an answer, as for a real client."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


async def post(world: World, path: str, body: object, **changes: Any) -> httpx.Response:
    """Call once."""
    async with client_of(world.app(**changes)) as client:
        return await client.post(path, json=body)


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    id: int
    name: str
    data: Json


def events_of(text: str) -> list[Event]:
    """Take a stream apart; an event is three lines and a blank one."""
    events = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        events.append(Event(int(lines["id"]), lines["event"], json.loads(lines["data"])))
    return events


@dataclass
class Call:
    """A bare ASGI call whose client leaves when `leave` is called."""

    app: FastAPI
    path: str
    body: Json
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    bodies: int = 0
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def run(self) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (b"host", b"localhost"),
                (b"content-type", b"application/json"),
                *((name.lower().encode(), value.encode()) for name, value in self.headers.items()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("gateway", 80),
        }
        await self.app(scope, self._receive, self._send)

    def leave(self) -> None:
        self.left.set()

    async def _receive(self) -> Json:
        self.bodies += 1
        if self.bodies == 1:
            return {"type": "http.request", "body": json.dumps(self.body).encode(), "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)


async def until(condition: Any, seconds: float = 30.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the fakes have no events
            await asyncio.sleep(0.005)
