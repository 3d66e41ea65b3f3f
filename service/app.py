"""The gateway, put together: settings → adapters → services → HTTP. Nothing else assembles anything."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import structlog
from fastapi import FastAPI

from service.adapters.configured import ConfiguredModel, open_model
from service.adapters.key_file import watched
from service.adapters.keys import open_keyring
from service.adapters.manifest import ManifestError
from service.adapters.metrics import MeteredSandbox, Metrics
from service.adapters.sandbox import Patience, http_sandbox
from service.adapters.store import open_limits, open_store
from service.adapters.traced import TracedSandbox
from service.adapters.tracing import open_tracing
from service.api import contract, critique, judge, models, operations, page, problems, refine, refinements
from service.api.auth.middleware import Auth
from service.api.auth.rate_limit import RateLimit
from service.api.body_limit import BodyLimit
from service.api.compat import routes as compat
from service.api.context import RequestContext
from service.api.drain import Drain
from service.api.guard import Guard
from service.api.jobs.desk import open_desk
from service.api.mcp import door
from service.api.openai import chat, responses
from service.api.pulse import Pulse
from service.api.security_headers import SecurityHeaders
from service.domain.errors import ServiceError
from service.gate import Gate
from service.services import Bounds, RefineWhen, Services
from service.settings import Settings, SettingsError

log = structlog.get_logger(__name__)

OpenServices = Callable[[Settings], AbstractAsyncContextManager[Services]]


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncGenerator[Services, None]:
    """Open everything outside the process, and close it in reverse order."""
    metrics, keyring = Metrics(), open_keyring(settings)
    async with AsyncExitStack() as stack:
        spans = await stack.enter_async_context(open_tracing(settings.tracing))
        opened = [
            await stack.enter_async_context(open_model(name, section, settings.cache))
            for name, section in settings.models.items()
        ]
        _check_defaults(settings, opened)
        sandbox = await stack.enter_async_context(
            http_sandbox(
                str(settings.sandbox.url),
                patience=Patience(timeout_s=settings.sandbox.timeout_s, test_s=settings.sandbox.test_s),
                connections=settings.sandbox.connections,
            )
        )
        # From here on tasks run beside, and what were refused would be told in a group of exceptions.
        await stack.enter_async_context(watched(keyring, settings.auth))
        store = await stack.enter_async_context(open_store(settings.store))
        quotas = {} if keyring is None else keyring.quotas
        limits = await stack.enter_async_context(
            open_limits(settings.store, quotas, settings.auth.reserve_tokens, alone=settings.auth.count_alone)
        )
        yield Services(
            generators={
                model.engine.name: model.served_generator(metrics, spans)
                for model in opened
                if model.role != "critic"
            },
            critics={
                model.engine.name: model.served_critic(metrics, spans)
                for model in opened
                if model.role != "generator"
            },
            default_generator=settings.defaults.generator,
            default_critic=settings.defaults.critic,
            sandbox=MeteredSandbox(TracedSandbox(sandbox, spans) if spans.recorded else sandbox, metrics),
            ping_sandbox=sandbox.ping,
            telemetry=metrics,
            gate=Gate(settings.server.max_inflight, metrics),
            store=store,
            keys=keyring,
            limits=limits,
            bounds=Bounds(
                request_seconds=settings.server.request_seconds,
                heartbeat_s=settings.server.heartbeat_s,
                judge_concurrency=settings.server.judge_concurrency,
                queue_s=settings.server.queue_s,
                default_rounds=settings.defaults.rounds,
                max_background=settings.store.max_background,
                lease_s=settings.store.lease_s,
                refine_when=RefineWhen(settings.defaults.refine_when),
            ),
            models={model.engine.name: model.served_model(metrics, spans) for model in opened},
            spans=spans,
        )


def create_app(settings: Settings, open_services: OpenServices = open_services) -> FastAPI:
    """Build the application; tests pass an `open_services` that opens fakes."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
        try:
            async with (
                open_services(settings) as services,
                open_desk(services, drain := Drain(services.gate)) as desk,
                door.open_door(settings, services) as mcp,
            ):
                app.state.services, app.state.drain, app.state.desk = services, drain, desk
                app.state.mcp, app.state.pulse = mcp, Pulse(services)
                log.info("gateway_started", models=[card.name for card in services.cards])
                yield
        except (SettingsError, ManifestError, ServiceError) as error:
            log.error("gateway_not_started", reason=str(error))  # noqa: TRY400 - the reason is all there is
            raise
        except Exception:
            log.exception("gateway_broke_down")
            raise
        log.info("gateway_stopped")

    app = FastAPI(
        title="CTRL",
        summary="A trained critic reviews a program, a generator revises it, a sandbox judges it.",
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    # The one added last is outermost: a body that is refused has a request id too.
    app.add_middleware(
        BodyLimit,
        limit_bytes=settings.server.body_bytes,
        limit_s=settings.server.body_seconds,
        held_bytes=settings.server.held_bytes,
    )
    app.add_middleware(RateLimit)
    unguarded = settings.auth.open and not settings.mcp.allowed_hosts
    guard = None if unguarded else Guard.of(settings)
    app.add_middleware(Auth, metrics_open=settings.auth.metrics_open, guard=guard)
    app.add_middleware(RequestContext)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    for part in (
        *(refine, refinements, critique, judge, compat),
        *(models, chat, responses, operations, page),
    ):
        app.include_router(part.router)
    app.router.routes[:0] = [chat.shortcut, refine.shortcut]
    app.router.routes.append(door.route)
    contract.install(app)
    return app


def _check_defaults(settings: Settings, opened: list[ConfiguredModel]) -> None:
    """Refuse a default that its own manifest says is for the other role."""
    roles = {model.engine.name: model.role for model in opened}
    for role, other, name in (
        ("generator", "critic", settings.defaults.generator),
        ("critic", "generator", settings.defaults.critic),
    ):
        if roles[name] == other:
            raise SettingsError(f"defaults.{role} names {name!r}, which is a {other}")
