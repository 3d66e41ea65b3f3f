"""`ctrl critique`."""

from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from service.cli.gateway import gateway
from service.cli.terminal import printable, review

Json = dict[str, Any]


def run_critique(request: Json, url: str | None, config: Path | None, *, as_json: bool) -> bool:
    """Have a program reviewed, show it, and say whether every critique has a judgment."""
    console = Console(stderr=as_json, highlight=False)
    with gateway(url, config, console) as client:
        response = client.critique(request)
    if as_json:
        typer.echo(response.model_dump_json())
    else:
        _show(response.model_dump(mode="json"), console)
    return all(critique.judgment is not None for critique in response.critiques)


def _show(response: Json, console: Console) -> None:
    several = len(response["critiques"]) > 1
    for index, critique in enumerate(response["critiques"]):
        if several:
            console.print(Text(f"critique {index}", style="bold"))
        console.print(review(critique))
    if response["notice"]:
        console.print(Text(f"note: {printable(response['notice'])}", style="yellow"))
