"""`ctrl models`."""

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.cli.gateway import gateway
from service.cli.terminal import printable


def list_models(url: str | None, config: Path | None, *, as_json: bool) -> None:
    """Show what `/v1/models` says."""
    console = Console(stderr=as_json, highlight=False)
    with gateway(url, config, console) as client:
        listed = client.models().model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps(listed))
        return
    table = Table("name", "role", "engine", "default", "template", "notice")
    for model in listed["data"]:
        table.add_row(
            Text(printable(model["name"])),
            model["role"],
            model["engine"],
            "yes" if model["default"] else "",
            Text(printable(model["template"])),
            Text(printable(model["notice"] or "")),
        )
    console.print(table)
