"""Everything as real processes, which a test may kill: two gateways, Redis, a sandbox and two models."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.gateway_process import gateway_process
from tests.process import START_S, Process
from tests.redis_server import RedisServer, redis_server


@dataclass
class Model(Process):
    """A scripted endpoint: it holds calls until they are let go."""

    async def let(self, *, for_ever: bool = False) -> None:
        query = {"for": "ever"} if for_ever else {}
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/let", params=query) as said:
            assert said.status == 200

    async def until_it_holds(self, calls: int) -> None:
        async with asyncio.timeout(START_S), aiohttp.ClientSession() as session:
            while await self._held(session) < calls:  # noqa: ASYNC110 - other processes send no events
                await asyncio.sleep(0.05)

    async def _held(self, session: aiohttp.ClientSession) -> int:
        async with session.get(f"{self.url}/counts") as counts:
            held: int = (await counts.json())["held"]
            return held


@dataclass
class City:
    """All of it. The first gateway is for dying."""

    generator: Model
    critic: Model
    sandbox: Process
    redis: RedisServer
    gateways: tuple[Process, Process]

    @property
    def parts(self) -> tuple[Process, ...]:
        return self.generator, self.critic, self.sandbox


@asynccontextmanager
async def city(directory: Path, **store: object) -> AsyncGenerator[City, None]:
    """Start everything, and kill whatever is left in the end."""
    with redis_server(_folder(directory / "redis")) as redis:
        models = [
            Model(("-m", "tests.scripted_endpoint", "--role", role), directory / f"{role}.log", "/counts")
            for role in ("generator", "critic")
        ]
        sandbox = Process(("-m", "sandbox_runner.cli"), directory / "sandbox.log", "/ready")
        config = directory / "gateway.toml"
        config.write_text(_config(models, sandbox, redis, store), encoding="utf-8")
        generator, critic = models
        made = City(generator, critic, sandbox, redis, (gateway_process(config), gateway_process(config)))
        with ExitStack() as stack:
            async with asyncio.TaskGroup() as group:
                for process in (*made.parts, *made.gateways):
                    stack.callback(process.kill)
                    group.create_task(process.start())
            yield made


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _config(models: Sequence[Model], sandbox: Process, redis: RedisServer, store: dict[str, object]) -> str:
    named = "\n".join(
        f'[models.{role}]\nengine = "openai"\nrole = "{role}"\nmodel = "m"\nbase_url = "{model.url}/v1"'
        for role, model in zip(("generator", "critic"), models, strict=True)
    )
    kept = "\n".join(f"{name} = {value!r}" for name, value in store.items())
    return (
        f'{named}\n[defaults]\ngenerator = "generator"\ncritic = "critic"\n'
        f"[server]\nmax_inflight = 400\nheartbeat_s = 5.0\n"
        f'[sandbox]\nurl = "{sandbox.url}"\n'
        f'[store]\nurl = "{redis.url}"\n{kept}\n'
    )
