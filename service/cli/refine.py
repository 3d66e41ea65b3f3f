"""`ctrl refine`."""

import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from service.cli.gateway import gateway
from service.cli.terminal import Progress
from service.client import Client, UnreachableError

Json = dict[str, Any]


def run_refinement(request: Json, url: str | None, config: Path | None, *, as_json: bool) -> bool:
    """Refine, show it, and say whether it is solved."""
    console = Console(stderr=as_json, highlight=False)
    with gateway(url, config, console) as client:
        if as_json:
            refinement = client.refine(request).model_dump(mode="json")
            typer.echo(json.dumps(refinement))
        else:
            refinement = show_refinement(client, request, console)
            console.print(_summary(refinement))
    return is_solved(refinement)


def show_refinement(client: Client, request: Json, console: Console) -> Json:
    """Refine, printing every round as it happens."""
    with Progress(console, parallel=request.get("candidates", 1) != 1) as progress:
        for event in client.refine_events(request):
            progress.show(event)
            if event.event == "refinement.completed":
                return event.data
    raise UnreachableError("the stream ended before the refinement did")


def is_solved(refinement: Json) -> bool:
    """Whether the tests pass, or, where there are none, the critic judges the program correct."""
    if refinement["tests_passed"] is not None:
        return bool(refinement["tests_passed"])
    return bool(refinement["judgment"] == "correct")


def _summary(refinement: Json) -> Text:
    usage, selected = refinement["usage"], refinement["selected"]
    solved = is_solved(refinement)
    return Text(
        f"{'solved' if solved else 'not solved'}: {refinement['stop_reason'].replace('_', ' ')}, "
        f"round {selected['round']} selected, "
        f"{usage['prompt_tokens'] + usage['completion_tokens']} tokens, {refinement['seconds']:.1f} s",
        style="bold green" if solved else "bold yellow",
    )
