"""`ctrl serve`: the gateway in this process."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import typer
from pydantic import TypeAdapter, ValidationError

from service.adapters.logs import configure_logs
from service.app import create_app
from service.cli.exits import Exit
from service.cli.server import run_server
from service.settings import BaseUrl, Settings, SettingsError, load_settings


def gateway_of(
    host: str | None, port: int | None, sandbox_url: str | None, config: Path | None
) -> Callable[[], None]:
    """Make the gateway; what is returned serves until SIGTERM or Ctrl-C, then lets work in flight end."""
    try:
        settings = _with_options(load_settings(config), host, port, sandbox_url)
    except SettingsError as error:
        typer.echo(f"ctrl: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    configure_logs(settings.log.level)
    # The application says why it did not start; uvicorn would repeat it as a traceback.
    logging.getLogger("uvicorn.error").addFilter(lambda record: "Traceback" not in record.getMessage())
    return partial(run_server, create_app(settings), settings.server)


def _with_options(
    settings: Settings, host: str | None, port: int | None, sandbox_url: str | None
) -> Settings:
    server = {"host": host, "port": port}
    given = {name: value for name, value in server.items() if value is not None}
    changed = {"server": settings.server.model_copy(update=given)}
    if sandbox_url is None:
        return settings.model_copy(update=changed)
    try:
        url = TypeAdapter(BaseUrl).validate_python(sandbox_url)
    except ValidationError as error:
        raise SettingsError(f"--sandbox-url: {error.errors(include_input=False)[0]['msg']}") from None
    sandbox = settings.sandbox.model_copy(update={"url": url})
    return settings.model_copy(update={**changed, "sandbox": sandbox})
