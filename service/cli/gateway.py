"""The gateway a command talks to: the one named, the one running, or one started for the call."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console

from service.cli.exits import UsageError
from service.cli.stack import passing_stack
from service.client import DEFAULT_URL, Client, GatewayError, Patience
from service.client.settings import configured_url


class _Telling:
    """Tells a person what is waited for, once while it is the same."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, error: GatewayError) -> None:
        said = f"ctrl: {error}; asking again …"
        if said != self._said:
            typer.echo(said, err=True)
        self._said = said


def patient() -> Patience:
    """A gateway that is full, starting, or without its store, is asked again."""
    return Patience(told=_Telling())


def at_once() -> Patience:
    """Nobody there is said at once."""
    return replace(patient(), unreachable_s=0.0)


@contextmanager
def gateway(url: str | None, config: Path | None, console: Console) -> Generator[Client, None, None]:
    """Yield a client. `console` is told when a stack has to be started."""
    with address(url, config, console) as found, Client(found, patience=at_once()) as client:
        yield client


def check_named_once(url: object, config: Path | None) -> None:
    """Refuse a configuration that nobody would read."""
    if url and config is not None:
        raise UsageError("--url names a gateway, --config is for one of this call's: leave one of them out")


@contextmanager
def address(url: str | None, config: Path | None, console: Console) -> Generator[str, None, None]:
    """Yield where a gateway is, for as long as the context lasts."""
    check_named_once(url, config)
    if config is None:
        url = url or configured_url()
    if url is not None or (config is None and _is_running(DEFAULT_URL)):
        yield url or DEFAULT_URL
        return
    status = console.status("starting a sandbox and a gateway for this call …")
    with status, passing_stack(config) as stack:
        status.stop()
        yield stack.url


def running_gateway(url: str | None, patience: Patience | None = None) -> Client:
    """Return a client of a gateway that runs already: what outlives a command is not in one of its own."""
    return Client(url, patience=patience or at_once())


def _is_running(url: str) -> bool:
    try:
        with Client(url, timeout_s=2.0, patience=Patience(busy_s=0, unreachable_s=0)) as client:
            return client.health().get("status") == "ok"
    except GatewayError:
        return False
