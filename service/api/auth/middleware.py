"""Asks for a key before anything of a request is read; without keys, by which name it is called."""

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api import problems
from service.api.auth.credentials import keys_in
from service.api.auth.doors import is_open, roles_for
from service.api.guard import Guard
from service.caller import asking
from service.domain.errors import CallerError, ForbiddenError, UnknownKeyError
from service.domain.identity import ANYONE, Identity, Role
from service.services import Keys

log = structlog.get_logger(__name__)

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


class Auth:
    """Plain ASGI. The keys are the running application's: `Services.keys`, None to ask for none."""

    def __init__(self, app: ASGIApp, *, metrics_open: bool, guard: Guard | None):
        """`guard`: who may set a gateway without keys to work; None where something else guards the port."""
        self._app, self._guard = app, guard
        self._also_open = {"/metrics"} if metrics_open else set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        keys: Keys | None = scope["app"].state.services.keys if scope["type"] == "http" else None
        if keys is None and self._guard is not None and scope.get("method", "GET") not in _LOOKING:
            try:
                self._guard.check_host(Headers(scope=scope))
            except HTTPException as error:
                await problems.http_problem(Request(scope), error)(scope, receive, send)
                return
        if keys is None or is_open(scope["path"]) or scope["path"] in self._also_open:
            await self._app(scope, receive, send)
            return
        try:
            identity = _admitted(scope, keys)
        except CallerError as error:
            await problems.answer(Request(scope), error)(scope, receive, send)
            return
        scope["identity"], scope["tenant"] = identity, identity.tenant
        with asking(identity), structlog.contextvars.bound_contextvars(tenant=identity.tenant):
            await self._app(scope, receive, send)


def demand(identity: Identity, roles: frozenset[Role]) -> None:
    """Raise `ForbiddenError` if none of the roles is held."""
    if not identity.may(roles):
        log.info("key_refused", tenant=identity.tenant, key_id=identity.key_id)
        raise ForbiddenError(
            f"the key {identity.key_id!r} is for {_listed(identity.roles)}; this needs {_listed(roles)}"
        )


def identity_of(scope: Scope) -> Identity:
    """Return who asks."""
    identity: Identity = scope.get("identity", ANYONE)
    return identity


def _admitted(scope: Scope, keys: Keys) -> Identity:
    identity = _holder(Headers(scope=scope), keys)
    demand(identity, roles_for(scope["path"]))
    return identity


def _holder(headers: Headers, keys: Keys) -> Identity:
    was_given = False
    for key in keys_in(headers):
        was_given = True
        if (identity := keys.holder(key)) is not None:
            return identity
    raise UnknownKeyError(
        "this key is not known: it may have been withdrawn"
        if was_given
        else "send a key: `Authorization: Bearer KEY`, or `x-api-key: KEY`, or as the password in the URL"
    )


def _listed(roles: frozenset[Role]) -> str:
    return " or ".join(sorted(roles))
