"""Ask for a bearer key, and name the tenant whose key it is."""

import hashlib
import hmac
from collections.abc import Sequence

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox_runner.admission.queue import ANONYMOUS
from sandbox_runner.api.problems import UNAUTHORIZED, problem_response

OPEN_PATHS = frozenset({"/health", "/ready", "/metrics", "/v1/ping"})
_SCHEME = b"bearer "


class BearerAuth:
    def __init__(self, app: ASGIApp, keys: Sequence[SecretStr]) -> None:
        self._app = app
        self._keys = [_tenant_and_digest(key.get_secret_value()) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        tenant = ANONYMOUS if not self._keys else self._tenant(_authorization(scope))
        if tenant is None and scope["path"] not in OPEN_PATHS:
            await problem_response(UNAUTHORIZED, scope["path"], "Send a key: Authorization: Bearer …")(
                scope, receive, send
            )
            return
        scope["tenant"] = tenant or ANONYMOUS
        await self._app(scope, receive, send)

    def _tenant(self, authorization: bytes) -> str | None:
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return None
        given = hashlib.sha256(authorization[len(_SCHEME) :].strip()).digest()
        found = None
        for tenant, digest in self._keys:  # all of them, so that the time taken tells nothing
            if hmac.compare_digest(digest, given):
                found = tenant
        return found


def _tenant_and_digest(key: str) -> tuple[str, bytes]:
    """`tenant:secret`, or a secret alone, whose tenant is named after its digest."""
    tenant, colon, secret = key.partition(":")
    digest = hashlib.sha256((secret if colon else key).encode()).digest()
    return (tenant if colon else f"key-{digest.hex()[:8]}"), digest


def _authorization(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return bytes(value)
    return b""
