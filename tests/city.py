"""Everything as real processes, which a test may kill: two gateways, Redis, a sandbox and two models."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from service.cli.stack import free_port
from tests.gateway_process import Gateway
from tests.redis_server import RedisServer, redis_server

START_S = 120


@dataclass
class Part:
    """A process with a port, which comes back to the same one."""

    program: Sequence[str]
    log: Path
    ready: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, *options: str) -> None:
        command = [sys.executable, *self.program, "--port", str(self.port), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220 - a moment
        self.starts += 1
        async with asyncio.timeout(START_S), aiohttp.ClientSession() as session:
            while not await _answers(session, self.url + self.ready):
                assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Model(Part):
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
    sandbox: Part
    redis: RedisServer
    gateways: tuple[Gateway, Gateway]

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.generator, self.critic, self.sandbox


@asynccontextmanager
async def city(directory: Path, **store: object) -> AsyncGenerator[City, None]:
    """Start everything, and kill whatever is left in the end."""
    with redis_server(_folder(directory / "redis")) as redis:
        models = [
            Model(("-m", "tests.scripted_endpoint", "--role", role), directory / f"{role}.log", "/counts")
            for role in ("generator", "critic")
        ]
        sandbox = Part(("-m", "sandbox_runner.cli"), directory / "sandbox.log", "/ready")
        config = directory / "gateway.toml"
        config.write_text(_config(models, sandbox, redis, store), encoding="utf-8")
        generator, critic = models
        made = City(generator, critic, sandbox, redis, (Gateway(config), Gateway(config)))
        async with AsyncExitStack() as stack:
            stack.enter_context(_buried(made))
            async with asyncio.TaskGroup() as group:
                for part in made.parts:
                    group.create_task(part.start())
                for gateway in made.gateways:
                    group.create_task(gateway.start())
            yield made


@contextmanager
def _buried(made: City) -> Generator[None, None, None]:
    try:
        yield
    finally:
        processes = [part.process for part in made.parts] + [gateway.process for gateway in made.gateways]
        for process in processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _config(models: Sequence[Model], sandbox: Part, redis: RedisServer, store: dict[str, object]) -> str:
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
