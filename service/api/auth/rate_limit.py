"""Holds tenants to their requests and tokens a minute, and tells them where they stand."""

import asyncio
from collections.abc import Iterator

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems
from service.api.auth.doors import is_queued
from service.api.auth.middleware import identity_of
from service.caller import account
from service.domain.errors import OverloadedError, QuotaError, ServiceError
from service.domain.identity import Identity
from service.domain.limits import Level, Standing
from service.services import Services

MAX_WAITING = 4096


class RateLimit:
    """Plain ASGI, inside `Auth`. What is asked by POST is counted; looking is free.

    What a request will cost is not known when it begins: some tokens are reserved, and settled at its end,
    or at that of the refinement that it leaves in the background.
    """

    def __init__(self, app: ASGIApp):
        self._app = app
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        identity = identity_of(scope)
        if scope["type"] != "http" or scope["method"] != "POST" or not identity.quota.is_by_the_minute:
            await self._app(scope, receive, send)
            return
        services: Services = scope["app"].state.services
        patience_s = services.bounds.queue_s if is_queued(scope["path"]) else 0.0
        reserved = services.limits.set_aside(identity.tenant)
        try:
            standing = await services.limits.reserve(identity.tenant, reserved, patience_s)
        except OverloadedError as error:
            await problems.answer(Request(scope), error)(scope, receive, send)
            return
        send = _telling(standing, send)
        if not standing.granted:
            refusal = problems.answer(Request(scope), _refusal(identity, standing, patience_s))
            await refusal(scope, receive, send)
            return
        paying = account()
        assert paying is not None, "who has a quota has been asked for a key"
        paying.covered = reserved
        try:
            await self._in_turn(standing.wait_s)
            await self._app(scope, receive, send)
        except _FullError as error:
            await problems.answer(Request(scope), error)(scope, receive, send)
        finally:
            await services.limits.settle(identity.tenant, paying.due + (reserved if paying.goes_on else 0))

    async def _in_turn(self, wait_s: float) -> None:
        """Wait until what was reserved is there: whoever came first goes first."""
        if not wait_s:
            return
        if self._waiting >= MAX_WAITING:
            raise _FullError(f"{MAX_WAITING} requests wait already; try again shortly")
        self._waiting += 1
        try:
            await asyncio.sleep(wait_s)
        finally:
            self._waiting -= 1


class _FullError(OverloadedError):
    """Too many wait. Nothing else of the application raises it."""


def _refusal(identity: Identity, standing: Standing, patience_s: float) -> ServiceError:
    """Trainers are never told 429: they have waited as long as they would."""
    message = f"the quota of {identity.tenant!r} is used up; there is room in {standing.wait_s:.1f} s"
    return OverloadedError(message) if patience_s else QuotaError(message, standing.wait_s)


def _telling(standing: Standing, send: Send) -> Send:
    headers = [
        (name.encode(), value.encode())
        for kind, level in (("requests", standing.requests), ("tokens", standing.tokens))
        if level is not None
        for name, value in _told(kind, level)
    ]

    async def send_told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return send_told


def _told(kind: str, level: Level) -> Iterator[tuple[str, str]]:
    """Write a limit as OpenAI does."""
    yield f"x-ratelimit-limit-{kind}", str(level.limit)
    yield f"x-ratelimit-remaining-{kind}", str(level.remaining)
    yield f"x-ratelimit-reset-{kind}", f"{level.reset_s:.3f}s"
