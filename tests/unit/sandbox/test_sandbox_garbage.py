"""The service's memory, once it serves."""

import gc
from collections.abc import Iterator

import pytest

from sandbox_runner import garbage, serving
from sandbox_runner.app import create_app
from sandbox_runner.settings import Settings
from tests.unit.sandbox.fake_sandbox import FakeJudge, fake_sandbox


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)


@pytest.mark.asyncio
async def test_a_server_settles_before_it_answers() -> None:
    config = serving.config_of(create_app(Settings(), fake_sandbox(FakeJudge())), "127.0.0.1", 0)
    config.load()
    server = serving.DrainingServer(config)
    server.lifespan = config.lifespan_class(config)
    gc.unfreeze()
    await server.startup()
    settled = gc.get_freeze_count() > 0 and gc.get_threshold() == garbage.THRESHOLDS
    await server.shutdown()

    assert settled
