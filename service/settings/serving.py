"""The HTTP side, and what is told of it."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl, PositiveFloat, PositiveInt

from service.settings.section import Section


class ServerSection(Section):
    """The HTTP side."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    max_inflight: PositiveInt = 64
    """Refinements, critiques and judgings at work at once; more are turned away with 503."""
    body_bytes: PositiveInt = 4 * 1024 * 1024
    held_bytes: PositiveInt = 256 * 1024 * 1024
    """Bodies in memory at once, of all requests together; a tenant's may be a quarter of it."""
    body_seconds: PositiveFloat = 60.0
    """How long the body of a request may take to arrive."""
    heartbeat_s: PositiveFloat = 10.0
    """Silence on an event stream after which a heartbeat is sent."""
    request_seconds: PositiveFloat = 900.0
    """Bound of one refinement; a request's own `budget.seconds` may only shorten it."""
    judge_concurrency: PositiveInt = 16
    """Critiques one judging asks for at once."""
    queue_s: PositiveFloat = 100.0
    """How long a trainer's request for rewards waits for a place; the others are turned away at once."""
    drain_s: PositiveInt = 20
    """How long a stopping process waits for work in flight."""

    @property
    def is_on_loopback(self) -> bool:
        """Whether only this machine reaches the address."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


def _is_a_name(host: str) -> str:
    if not _NAME.fullmatch(host) and not _is_address(host):
        raise ValueError("must be a name such as ctrl.example.org, without scheme, port, path and *")
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_an_origin(origin: str) -> str:
    if not _ORIGIN.fullmatch(origin):
        raise ValueError("must be an origin such as https://ide.example.org, without path and *")
    return origin


_NAME = re.compile(r"[\w-]+(\.[\w-]+)*")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s*?#@]+/?", re.IGNORECASE)
HostName = Annotated[str, AfterValidator(_is_a_name)]
Origin = Annotated[str, AfterValidator(_is_an_origin)]


class McpSection(Section):
    """Who may call `/mcp`: a browser is let near it only by name. Without keys hosts hold for all doors."""

    allowed_hosts: tuple[HostName, ...] = ()
    """Names that it has besides loopback's, no port. Empty: none where it listens there, else any."""
    allowed_origins: tuple[Origin, ...] = ()
    """Web pages that may call, such as `https://example.org`, besides those served from loopback."""


class TracingSection(Section):
    """Where OpenTelemetry's spans go, if anywhere; needs the extra `otel`."""

    endpoint: HttpUrl | None = None
    """A collector of OTLP over HTTP, such as `http://localhost:4318`; without one nothing is recorded."""
    service_name: str = Field(default="ctrl-gateway", min_length=1, max_length=128)
    sample: float = Field(default=1.0, ge=0, le=1)
    """Share of the traces begun here that are recorded; one begun by a client is recorded as it says."""
    timeout_s: PositiveFloat = 5.0
    """How long the collector may take for a batch, and for the last one of a process that stops."""


class LogSection(Section):
    """What is written to stdout, one JSON object a line."""

    level: Literal["debug", "info", "warning", "error"] = "info"
