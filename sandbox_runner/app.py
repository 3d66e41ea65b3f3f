"""The composition root: settings, then the running sandbox, then the HTTP app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from sandbox_runner.api import problems, routes
from sandbox_runner.api.auth import BearerAuth
from sandbox_runner.api.body_limit import BodyLimit
from sandbox_runner.api.disconnect import ClientGoneError
from sandbox_runner.api.fusion import routes as fusion
from sandbox_runner.api.rebinding import LoopbackNames, is_loopback
from sandbox_runner.api.services import Services
from sandbox_runner.sandbox import Sandbox, open_sandbox
from sandbox_runner.settings import Settings


def create_app(settings: Settings, sandbox: Sandbox | None = None, *, host: str | None = None) -> FastAPI:
    """Build the app around a sandbox that is already open, or one that lives as long as the app does.

    `host`: the address that is listened to, if it is known.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if sandbox is not None:
            yield
            return
        async with open_sandbox(settings) as opened:
            app.state.services = Services.of(settings, opened)
            yield

    # The interactive pages would load scripts from elsewhere.
    app = FastAPI(title="ctrl-sandbox", lifespan=lifespan, docs_url=None, redoc_url=None)
    if sandbox is not None:
        app.state.services = Services.of(settings, sandbox)
    problems.install(app)
    app.add_exception_handler(ClientGoneError, routes.on_client_gone)
    app.include_router(routes.router)
    app.include_router(fusion.router)
    app.add_middleware(BodyLimit, body_bytes=settings.body_bytes)
    app.add_middleware(BearerAuth, keys=settings.api_keys)  # added late, so it comes early
    if host is not None and is_loopback(host) and not settings.api_keys:
        app.add_middleware(LoopbackNames, own=host)
    return app
