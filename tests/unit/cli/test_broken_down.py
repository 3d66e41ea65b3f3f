"""A gateway whose own parts have failed under it."""

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import pytest
import structlog

from service.app import create_app
from service.cli.server import BROKE_DOWN, run_server
from service.cli.stack import free_port
from service.services import Services
from service.settings import Settings
from tests.unit.api.world import World, settings

PATIENCE_S = 30


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@asynccontextmanager
async def _failing(settings: Settings) -> AsyncGenerator[Services, None]:
    """Open fakes, and fail a moment after the start."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_fail())
        yield World().services(settings)


async def _fail() -> None:
    await asyncio.sleep(0.5)
    raise RuntimeError("a fault of ours")


def test_a_gateway_whose_parts_are_closed_ends_and_does_not_answer_without_them() -> None:
    chosen = settings(server={"port": free_port()})
    app, statuses = create_app(chosen, _failing), list[object]()

    def serve() -> None:
        try:
            run_server(app, chosen.server)
        except SystemExit as ended:
            statuses.append(ended.code)

    serving = threading.Thread(target=serve, daemon=True)
    with structlog.testing.capture_logs() as logs:
        serving.start()
        serving.join(PATIENCE_S)

    assert statuses == [BROKE_DOWN]
    assert "gateway_broke_down" in [line["event"] for line in logs]
