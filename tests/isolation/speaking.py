"""The whole HTTP service in this process, around a sandbox that is already open."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from sandbox_runner.app import create_app
from sandbox_runner.settings import Settings
from tests.isolation.conftest import Arena


@asynccontextmanager
async def client_of(arena: Arena) -> AsyncGenerator[httpx.AsyncClient, None]:
    transport = httpx.ASGITransport(create_app(Settings(), arena.sandbox))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client
