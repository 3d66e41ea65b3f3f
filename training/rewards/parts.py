"""The parts behind a reward, opened: a frozen generator and a sandbox, each in a place of its own."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from service.adapters.embedded import EmbeddedModel
from service.adapters.openai import OpenAIModel
from service.adapters.sandbox import http_sandbox
from service.domain.roles import ChatGenerator
from training.config import EndpointConfig
from training.judging import PATIENCE
from training.rewards.outcome import Reviser
from training.settings import RewardSettings
from training.writing.served import served_model

_WAITING = 100_000
"""Revisions that may queue before an engine in this process; the concurrency bound is elsewhere."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the frozen generator and the sandbox are. `generator` is an endpoint or a folder of weights."""

    generator: EndpointConfig | Path
    sandbox_url: str
    max_revision_tokens: int
    concurrency: int
    sandbox_timeout_s: float = 600.0

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Reviser, None]:
        """Load or connect, for as long as the context lasts."""
        patience = replace(PATIENCE, timeout_s=self.sandbox_timeout_s)
        async with AsyncExitStack() as stack:
            model = self._engine()
            await stack.enter_async_context(model)
            sandbox = await stack.enter_async_context(
                http_sandbox(self.sandbox_url, patience=patience, connections=self.concurrency)
            )
            yield Reviser(ChatGenerator(model), sandbox, self.max_revision_tokens)

    def _engine(self) -> EmbeddedModel | OpenAIModel:
        """In this process the generator has weights of its own, which no training can move."""
        match self.generator:
            case Path() as path:
                return EmbeddedModel.load("generator", path, max_waiting=_WAITING)
            case EndpointConfig() as endpoint:
                return served_model("generator", endpoint)


def parts_from_environment() -> Parts:
    """Read `CTRL_REWARD_…`; a pydantic `ValidationError` names what is missing."""
    settings = RewardSettings()  # type: ignore[call-arg]
    concurrency = settings.concurrency
    endpoint = EndpointConfig(
        base_url=settings.generator_url, model=settings.generator_model, concurrency=concurrency
    )
    return Parts(endpoint, settings.sandbox_url, settings.max_revision_tokens, concurrency)
