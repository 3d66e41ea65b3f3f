"""The real sandbox behind a real HTTP server on a free port of the loopback."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from sandbox_runner.app import create_app
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from sandbox_runner.tiers.selftest import TierTooLowError
from tests.unit.api.world import until


@asynccontextmanager
async def real_sandbox_server() -> AsyncGenerator[str, None]:
    """Yield its URL."""
    settings = Settings()
    try:
        async with open_sandbox(settings) as sandbox:
            # A socket that does not name its protocol keeps Nagle's algorithm: 40 ms a request.
            with socket.socket(proto=socket.IPPROTO_TCP) as listener:
                listener.bind(("127.0.0.1", 0))
                config = uvicorn.Config(create_app(settings, sandbox), log_config=None, lifespan="off")
                server = uvicorn.Server(config)
                async with asyncio.TaskGroup() as group:
                    group.create_task(server.serve([listener]))
                    await until(lambda: server.started)
                    try:
                        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
                    finally:
                        server.should_exit = True
    except TierTooLowError as error:
        pytest.skip(f"no sandbox on this machine: {error}")
