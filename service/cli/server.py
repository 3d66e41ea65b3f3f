"""uvicorn, but for how it ends: it goes on answering while it drains, so that `/ready` can say so."""

import contextlib
import socket
import sys
import time
from types import FrameType
from typing import cast

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from service.api.drain import Drain
from service.api.jobs.desk import Desk
from service.cli import garbage
from service.cli.protocol import BoundedHeadProtocol
from service.settings import ServerSection

CUT_S = 2
"""What is still in flight so long after the drain is cut off."""

KEEP_ALIVE_S = 75
"""Longer than clients and load balancers keep an idle connection: whoever closes first must not be us."""

BROKE_DOWN = 1
"""Exit status of a gateway whose parts were closed by a fault, and not by whoever ended it."""


class DrainingServer(uvicorn.Server):
    """A first signal begins the drain; it ends with the work in flight, or in time. A second one insists."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_s: float):
        super().__init__(config)
        self._app = app
        self._drain_s = drain_s
        self._asked = False
        self._gives_up_at = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        garbage.settle()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._asked or not self.started:
            super().handle_exit(sig, frame)
        else:
            self._asked = True
            self._captured_signals.append(sig)

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second, whether to begin to end, or to end, and how much is in flight."""
        garbage.allow_for(self._drain.gate.inflight)
        if self.lifespan.error_occurred and not self.should_exit:
            # Models and store are closed: who answers without them keeps others from taking over.
            self.should_exit = True
        if self._asked and not self.should_exit:
            self.should_exit = self._drained()
        return await super().on_tick(counter)

    @property
    def _drain(self) -> Drain:
        return cast(Drain, self._app.state.drain)

    def _drained(self) -> bool:
        drain, desk = self._drain, cast(Desk, self._app.state.desk)
        if not drain.begun.is_set():
            drain.begin(self._drain_s)
            self._gives_up_at = time.monotonic() + self._drain_s + CUT_S
        idle = desk.is_idle and drain.gate.inflight == 0
        return idle or time.monotonic() >= self._gives_up_at


def run_server(app: FastAPI, section: ServerSection) -> None:
    """Serve until a signal, then drain."""
    config = uvicorn.Config(
        app,
        http=BoundedHeadProtocol,
        host=section.host,
        port=section.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=CUT_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    server = DrainingServer(config, app, section.drain_s)
    # uvicorn raises the signal once more when it is done, and the command line turns it into this.
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
    if server.lifespan.error_occurred:
        sys.exit(BROKE_DOWN)
