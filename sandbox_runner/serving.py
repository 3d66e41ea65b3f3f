"""The HTTP server, and its end: after SIGTERM what was accepted is finished, the rest is sent elsewhere."""

import asyncio
import signal
import socket
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from sandbox_runner import garbage
from sandbox_runner.admission.queue import Admission
from sandbox_runner.protocol import BoundedHeadProtocol

log = structlog.get_logger()

_IDLE_S = 75
"""For a connection without a request: longer than clients keep one, or they meet its end as they send."""
_LAST_BYTES_S = 5
"""For answers that are ready and not yet sent, after the last slot is free."""


class DrainingServer(uvicorn.Server):
    """Goes on answering after the first SIGTERM; a second one, or SIGINT, ends it at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked_to_stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        garbage.settle()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and not self._asked_to_stop.is_set():
            self._loop.call_soon_threadsafe(self._asked_to_stop.set)
        else:
            super().handle_exit(sig, frame)

    async def serve_and_drain(self, admission: Admission, drain_s: float) -> None:
        async with asyncio.TaskGroup() as group:
            draining = group.create_task(self._drain(admission, drain_s))
            await self.serve()
            draining.cancel()

    async def _drain(self, admission: Admission, drain_s: float) -> None:
        await self._asked_to_stop.wait()
        log.info("draining_began", within_s=drain_s)
        in_time = await admission.drain(drain_s)
        log.info("draining_ended", in_time=in_time)
        self.should_exit = True


async def serve(app: FastAPI, host: str, port: int, drain_s: float) -> None:
    await DrainingServer(config_of(app, host, port)).serve_and_drain(app.state.services.admission, drain_s)


def config_of(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedHeadProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_LAST_BYTES_S,
    )
