"""The doors, open, with the log kept off the terminal."""

from collections.abc import AsyncGenerator

import aiohttp
import pytest
import structlog

from tests.contract.openai_door.doors import Doors, open_doors


@pytest.fixture
async def doors() -> AsyncGenerator[Doors, None]:
    with structlog.testing.capture_logs():
        async with open_doors() as doors:
            yield doors


@pytest.fixture
async def http() -> AsyncGenerator[aiohttp.ClientSession, None]:
    async with aiohttp.ClientSession() as session:
        yield session
