"""A configured model: opened, described, and put into the roles it may play."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from service.adapters.manifest import (
    Manifest,
    SamplingText,
    TemplateText,
    critic_template,
    find_manifest,
    generator_template,
    pin_of,
    read_manifest,
    read_template,
    template_digest,
)
from service.adapters.metered_upstream import CHAT, MeteredUpstream
from service.adapters.metrics import MeteredCritic, MeteredModel, Metrics
from service.adapters.openai import OpenAIModel, Patience
from service.adapters.openai.upstream import OpenAIUpstream
from service.adapters.reachability import EndpointPing
from service.adapters.remembering import Memory, RememberingModel, calls_of_many
from service.adapters.traced import TracedModel, TracedUpstream
from service.caller import caller
from service.domain.chat import ChatModel
from service.domain.loop import RefineSampling
from service.domain.roles import ChatGenerator
from service.domain.templates import CriticTemplate, GeneratorTemplate
from service.observing.spans import Spans
from service.services import ModelCard, Ping, ServedCritic, ServedGenerator, ServedModel, Upstream
from service.settings import (
    CacheSection,
    EmbeddedModelSettings,
    ModelSettings,
    OpenAIModelSettings,
    SettingsError,
)

_DEFAULT = RefineSampling()
_UNRECORDED = Spans()


class Engine(ChatModel, Protocol):
    """A chat model that holds something: weights, connections."""

    async def aclose(self) -> None:
        """Let go of what is held."""


@dataclass(frozen=True, slots=True)
class _Opened:
    engine: Engine
    ping: Ping
    upstream: Upstream | None = None
    """The endpoint reached a second way, over the same connections: requests pass through as they are."""


@dataclass(frozen=True, slots=True)
class ConfiguredModel:
    """An engine with what its configuration and its manifest say of it."""

    engine: Engine
    ping: Ping
    settings: ModelSettings
    manifest: Manifest | None
    template: TemplateText | None
    calls: asyncio.TaskGroup
    """Owns the calls that several wait for."""
    cache: CacheSection
    upstream: Upstream | None = None

    @property
    def role(self) -> Literal["generator", "critic", "any"]:
        if self.manifest is not None:
            return self.manifest.role
        return self.settings.role or "any"

    def served_generator(self, metrics: Metrics, spans: Spans = _UNRECORDED) -> ServedGenerator:
        """Put the model into the generator's role."""
        template = generator_template(self.template)
        sampling = _sampling(self.manifest)
        return ServedGenerator(
            card=self._card(template),
            generator=ChatGenerator(self._in_role("generator", metrics, spans), template),
            propose=sampling["propose"].onto(_DEFAULT.propose),
            revise=sampling["revise"].onto(_DEFAULT.revise),
            ping=self.ping,
        )

    def served_critic(self, metrics: Metrics, spans: Spans = _UNRECORDED) -> ServedCritic:
        """Put the model into the critic's role; refuse one whose wording is unknown here."""
        template = critic_template(self.template)
        model = self._in_role("critic", metrics, spans)
        return ServedCritic(
            card=self._card(template),
            critic=MeteredCritic(model, template, metrics=metrics),
            critique=_sampling(self.manifest)["critique"].onto(_DEFAULT.critique),
            ping=self.ping,
        )

    def served_model(self, metrics: Metrics, spans: Spans = _UNRECORDED) -> ServedModel:
        """Offer the model as itself."""
        return ServedModel(
            model=self._observed(CHAT, metrics, spans),
            upstream=None
            if self.upstream is None
            else self._observed_upstream(self.upstream, metrics, spans),
        )

    def _in_role(self, role: str, metrics: Metrics, spans: Spans) -> ChatModel:
        """Ask the engine once for what would be the same again, among the calls of one tenant."""
        observed, memory = self._observed(role, metrics, spans), Memory(self.cache.entries, self.cache.ttl_s)
        return RememberingModel(observed, self.calls, memory, metrics.count_shared, _tenant)

    def _observed(self, role: str, metrics: Metrics, spans: Spans) -> MeteredModel:
        model = TracedModel(self.engine, role, spans) if spans.recorded else self.engine
        return MeteredModel(model, role, metrics)

    def _observed_upstream(self, upstream: Upstream, metrics: Metrics, spans: Spans) -> Upstream:
        name = self.engine.name
        traced = TracedUpstream(name, upstream, spans) if spans.recorded else upstream
        return MeteredUpstream(name, traced, metrics)

    def _card(self, template: CriticTemplate | GeneratorTemplate) -> ModelCard:
        wording = f"{template.id}@{template_digest(template)}"
        weights = self._unnamed_weights() if self.manifest is None else self.manifest.digest
        return ModelCard(
            name=self.engine.name,
            role=self.role,
            engine=self.settings.engine,
            template=wording,
            notice=None if self.manifest is None else self.manifest.notice,
            manifest=None if self.manifest is None else self.manifest.model_dump(mode="json", by_alias=True),
            version=f"{self.engine.name}@{weights}+{wording}",
        )

    def _unnamed_weights(self) -> str:
        """Stand in for a manifest's digest: the best that is known of an endpoint without one."""
        match self.settings:
            case OpenAIModelSettings():
                known = [self.settings.model, *self.settings.addresses]
            case EmbeddedModelSettings():
                known = [str(self.settings.path)]
        return "unversioned-" + hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12]


def _tenant() -> str:
    return caller().tenant


def _sampling(manifest: Manifest | None) -> dict[str, SamplingText]:
    if manifest is None:
        return dict.fromkeys(("propose", "critique", "revise"), SamplingText())
    return {kind: getattr(manifest.sampling, kind) for kind in ("propose", "critique", "revise")}


@asynccontextmanager
async def open_model(
    name: str, settings: ModelSettings, cache: CacheSection | None = None
) -> AsyncGenerator[ConfiguredModel, None]:
    """Load weights or connect to an endpoint, for as long as the context lasts."""
    manifest = _manifest(settings)
    template = None if settings.template is None else read_template(settings.template)
    if template is None and manifest is not None:
        template = manifest.template
    if manifest is not None and settings.role not in (None, manifest.role):
        raise SettingsError(f"models.{name}: role is {settings.role}, the manifest says {manifest.role}")
    async with AsyncExitStack() as stack:
        opened = await _open(name, settings)
        stack.push_async_callback(opened.engine.aclose)
        calls = await stack.enter_async_context(calls_of_many())
        yield ConfiguredModel(
            opened.engine,
            opened.ping,
            settings,
            manifest,
            template,
            calls,
            cache or CacheSection(),
            opened.upstream,
        )


def _manifest(settings: ModelSettings) -> Manifest | None:
    path = settings.manifest
    if path is None and isinstance(settings, EmbeddedModelSettings):
        path = find_manifest(settings.path, settings.role)
    return None if path is None else read_manifest(path)


async def _open(name: str, settings: ModelSettings) -> _Opened:
    # Imported here: whoever configures no embedded model loads no numpy.
    match settings:
        case EmbeddedModelSettings():
            from service.adapters.embedded import EmbeddedModel  # noqa: PLC0415

            return _Opened(await asyncio.to_thread(EmbeddedModel.load, name, settings.path), _loaded)
        case OpenAIModelSettings():
            urls, key = settings.addresses, settings.api_key(name)
            patience = Patience(total_s=settings.timeout_s, hedge_s=settings.hedge_s)
            asked_for, pinned, salted = _asked_for(settings), settings.pinned, settings.cache_salt
            model = OpenAIModel(name, urls, asked_for, key, patience=patience, salted=salted)
            ping = EndpointPing(name, urls, key, asked_for if pinned else None)
            return _Opened(model, ping, OpenAIUpstream(model.transport, asked_for, salted=salted))


def _asked_for(settings: OpenAIModelSettings) -> str:
    """Name the model as its endpoint does; a pinned one by its weights too."""
    if not settings.pinned or settings.manifest is None:
        return settings.model
    return f"{settings.model}@{pin_of(settings.manifest)}"


async def _loaded() -> None:
    """Weights in this process are reachable since they were loaded."""
