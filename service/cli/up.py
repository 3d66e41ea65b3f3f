"""`ctrl up`: the stack in the foreground."""

from pathlib import Path

import typer

from service.cli.stack import running, stack
from service.client import Client


def stay_up(port: int, sandbox_port: int, config: Path | None) -> None:
    """Start, say where, and wait for Ctrl-C."""
    with running(stack(port, sandbox_port, config, log=None)) as started:
        with Client(started.url) as client:
            parts = client.ready()["parts"]
        typer.echo(f"gateway  {started.gateway.url}\nsandbox  {started.sandbox.url}", err=True)
        for role, part in parts.items():
            state = "ready" if part["ready"] else f"NOT READY: {part['error']}"
            typer.echo(f"{role:<10}{part['name']}: {state}", err=True)
        typer.echo("Ctrl-C stops both.", err=True)
        try:
            started.wait()
        except KeyboardInterrupt:
            typer.echo("stopping …", err=True)
