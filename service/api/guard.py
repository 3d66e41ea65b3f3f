"""Who may call: a page in somebody's browser may not, unless it is known.

DNS rebinding makes a stranger's page and this gateway one site to a browser. What gives the page away
is the name it called (`Host`) and the name it came from (`Origin`); programs send no `Origin`.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from service.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Guard:
    """The names that are let through."""

    hosts: frozenset[str] | None
    """None: any."""
    origins: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Name those configured; without any, a gateway on loopback answers to loopback's names alone."""
        listed = frozenset(host.lower() for host in settings.mcp.allowed_hosts)
        server = settings.server
        # Loopback has more addresses than those everybody knows: it is called by its own too.
        names = LOOPBACK | {server.host.strip("[]").lower()} if server.is_on_loopback else LOOPBACK
        return cls(
            hosts=listed | names if listed or server.is_on_loopback else None,
            origins=frozenset(origin.lower().rstrip("/") for origin in settings.mcp.allowed_origins),
        )

    def check(self, headers: Headers) -> None:
        """Raise what refuses a call by a wrong name or from a stranger's page, and say how to allow it."""
        self.check_host(headers)
        origin = headers.get("origin")
        if origin is not None and not self._allows(origin):
            raise HTTPException(
                HTTPStatus.FORBIDDEN,
                f"pages of {origin[:200]!r} may not call; to let them, add it to mcp.allowed_origins",
            )

    def check_host(self, headers: Headers) -> None:
        """Raise what refuses a call by a wrong name.

        That is enough where a body must be JSON: a page under its own name may not send that unasked.
        """
        host = headers.get("host", "")
        if self.hosts is not None and _hostname(f"//{host}") not in self.hosts:
            raise HTTPException(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this gateway is not called {host[:200]!r}; if it is, add the name to mcp.allowed_hosts",
            )

    def _allows(self, origin: str) -> bool:
        return origin.lower() in self.origins or (
            origin.startswith(("http://", "https://")) and _hostname(origin) in LOOPBACK
        )


def _hostname(url: str) -> str | None:
    """Read the host out of a URL, without port; None where it has none that can be read."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
