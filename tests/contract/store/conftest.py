"""Both stores, each fresh for its test: what a test proves of one it proves of the other."""

from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.adapters.store import open_store
from service.settings import StoreSection
from service.store import Store
from tests.redis_server import RedisServer, redis_server


@dataclass
class Opening:
    """Opens a store with the bounds a test needs."""

    url: str
    prefix: str
    stack: AsyncExitStack

    async def __call__(self, **changes: object) -> Store:
        # A busy machine is no dead Redis; the tests of faults have their own patience.
        fields = {"url": self.url, "prefix": self.prefix, "timeout_s": 10} | changes
        section = StoreSection.model_validate(fields)
        return await self.stack.enter_async_context(open_store(section))


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer, None, None]:
    """One server for all the tests that do it no harm; each has keys of its own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
async def opening(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Opening, None]:
    url = request.getfixturevalue("redis").url if request.param == "redis" else ""
    async with AsyncExitStack() as stack:
        yield Opening(url, f"{tmp_path.name}:", stack)


@pytest.fixture
async def store(opening: Opening) -> Store:
    return await opening()
