"""The gateway a command talks to: the one named, the one running, or one started for the call."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from service.cli.stack import passing_stack
from service.client import DEFAULT_URL, Client, GatewayError


@contextmanager
def gateway(url: str | None, config: Path | None, console: Console) -> Generator[Client, None, None]:
    """Yield a client. `console` is told when a stack has to be started."""
    if url is not None or (config is None and _is_running(DEFAULT_URL)):
        with Client(url or DEFAULT_URL) as client:
            yield client
        return
    status = console.status("starting a sandbox and a gateway for this call …")
    with status, passing_stack(config) as stack, Client(stack.url) as client:
        status.stop()
        yield client


def _is_running(url: str) -> bool:
    try:
        with Client(url, timeout_s=2.0) as client:
            return client.health().get("status") == "ok"
    except GatewayError:
        return False
