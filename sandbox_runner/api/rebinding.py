"""Answer on loopback to loopback's own names only, where no key is asked for.

A page in a browser may give its own name this machine's address (DNS rebinding) and would then be of one
site with this service. The name it called gives it away.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox_runner.api.problems import MISDIRECTED, problem_response

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class LoopbackNames:
    """Plain ASGI. `own` is the address that is listened on: loopback has more than those everybody knows."""

    def __init__(self, app: ASGIApp, own: str) -> None:
        self._app = app
        self._names = LOOPBACK | {_bare(own)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else "localhost"
        if _hostname(host) in self._names:
            await self._app(scope, receive, send)
            return
        told = f"this sandbox is not called {host[:100]!r}; where it shall be, set SANDBOX_API_KEYS"
        await problem_response(MISDIRECTED, scope["path"], told)(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(_bare(host)).is_loopback
    except ValueError:
        return _bare(host) == "localhost"


def _bare(host: str) -> str:
    return host.strip("[]").lower()


def _hostname(host: str) -> str | None:
    """Without the port; None where it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
