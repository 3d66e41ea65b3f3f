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
    table = Table()
    for heading in ("name", "role", "engine", "default", "template"):
        table.add_column(heading, overflow="fold")  # a name that is cut cannot be asked for
    for model in listed["data"]:
        table.add_row(
            Text(printable(model["name"])),
            model["role"],
            model["engine"],
            "yes" if model["default"] else "",
            Text(printable(model["template"])),
        )
    console.print(table)
    notices: dict[str, list[str]] = {}
    for model in listed["data"]:
        if model["notice"]:
            notices.setdefault(model["notice"], []).append(model["name"])
    for notice, names in notices.items():
        console.print(Text(f"{printable(', '.join(names))}: {printable(notice)}", style="yellow"))
