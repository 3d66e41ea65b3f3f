"""Gateways as real processes, in front of models that a test makes slow."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.cli.stack import free_port
from service.domain.chat import Completion, Message, Sampling
from tests.fakes import CORRECT, INCORRECT, FakeChatModel
from tests.openai_server import ChatServer, chat_server, speaking
from tests.process import Process

Json = dict[str, Any]

WRONG, RIGHT = "def f(x):\n    return x", "def f(x):\n    return x + 1"
ALL = 100_000


@dataclass
class HeldModel(FakeChatModel):
    """Answers as many calls as it is let."""

    says: Callable[[str], str] = str
    """From the whole prompt to the answer."""
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    calls: int = 0
    working: int = 0

    def let(self, calls: int) -> None:
        for _ in range(calls):
            self.turns.release()

    async def stream(
        self, messages: Sequence[Message], sampling: Sampling
    ) -> AsyncGenerator[str | Completion, None]:
        await self._turn(messages)
        async for piece in super().stream(messages, sampling):
            yield piece

    async def complete(
        self, messages: Sequence[Message], sampling: Sampling, n: int = 1
    ) -> tuple[Completion, ...]:
        await self._turn(messages)
        return await super().complete(messages, sampling, n)

    async def _turn(self, messages: Sequence[Message]) -> None:
        self.calls += 1
        self.working += 1
        try:
            await self.turns.acquire()
        finally:
            self.working -= 1
        self.texts = [self.says("\n".join(message.content for message in messages))]


def gateway_process(config: Path, program: Sequence[str] = ("-m", "service.cli")) -> Process:
    """Return a gateway to start; a test may put a bug into its program."""
    port = free_port()
    command = (*program, "serve", "--config", str(config))
    return Process(command, config.with_suffix(f".{port}.log"), "/health", port)


@dataclass
class Town:
    """Gateways that share a store and two models. Every draft is wrong, and its revision right."""

    directory: Path
    redis_url: str
    generator: HeldModel
    critic: HeldModel
    servers: Mapping[str, ChatServer]
    store: Mapping[str, object]
    drain_s: int = 30
    gateways: list[Process] = field(default_factory=list)

    async def gateway(self) -> Process:
        """Start one more."""
        config = self.directory / f"gateway-{len(self.gateways)}.toml"
        config.write_text(self._config(), encoding="utf-8")
        gateway = gateway_process(config)
        self.gateways.append(gateway)
        await gateway.start()
        return gateway

    def _config(self) -> str:
        store = "\n".join(f"{name} = {value!r}" for name, value in self.store.items())
        models = "\n".join(
            f'[models.{role}]\nengine = "openai"\nrole = "{role}"\nmodel = "m"\n'
            f'base_url = "{server.base_url}"'
            for role, server in self.servers.items()
        )
        return (
            f'{models}\n[defaults]\ngenerator = "generator"\ncritic = "critic"\n'
            f"[server]\ndrain_s = {self.drain_s}\nheartbeat_s = 1.0\n"
            f'[sandbox]\nurl = "http://127.0.0.1:9"\n'
            f'[store]\nurl = "{self.redis_url}"\nprefix = "{self.directory.name}:"\n{store}\n'
        )


@asynccontextmanager
async def town(
    directory: Path, redis_url: str, *, drain_s: int = 30, **store: object
) -> AsyncGenerator[Town, None]:
    """Open models; whatever gateways were started are killed in the end."""
    generator = HeldModel([], says=lambda prompt: f"```python\n{RIGHT if WRONG in prompt else WRONG}\n```")
    critic = HeldModel([], says=lambda prompt: CORRECT if RIGHT in prompt else INCORRECT)
    critic.let(ALL)
    async with AsyncExitStack() as stack:
        servers = {role: await stack.enter_async_context(chat_server()) for role in ("generator", "critic")}
        servers["generator"].answer(speaking(generator))
        servers["critic"].answer(speaking(critic))
        made = Town(directory, redis_url, generator, critic, servers, store, drain_s)
        try:
            yield made
        finally:
            for gateway in made.gateways:
                gateway.kill()
