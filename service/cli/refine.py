"""`ctrl refine`."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from service.cli.gateway import gateway
from service.cli.requests import is_parallel
from service.cli.terminal import Progress
from service.client import ServerEvent, UnreachableError

Json = dict[str, Any]


def run_refinement(request: Json, url: str | None, config: Path | None, *, as_json: bool) -> bool:
    """Refine, show it, and say whether it is solved."""
    console = Console(stderr=as_json, highlight=False)
    with gateway(url, config, console) as client:
        if as_json:
            refinement = client.refine(request).model_dump(mode="json")
            typer.echo(json.dumps(refinement))
        else:
            events = client.refine_events(request)
            refinement = show_refinement(events, console, parallel=is_parallel(request))
            console.print(summary(refinement))
    return is_solved(refinement)


def show_refinement(events: Iterable[ServerEvent], console: Console, *, parallel: bool = False) -> Json:
    """Print every round as it happens, and return the refinement that comes of them."""
    with Progress(console, parallel=parallel) as progress:
        for event in events:
            progress.show(event)
            if event.event == "refinement.completed":
                return event.data
    raise UnreachableError("the stream ended before the refinement did")


def is_solved(refinement: Json) -> bool:
    """Whether the tests pass, or, where there are none, the critic judges the program correct."""
    if refinement["tests_passed"] is not None:
        return bool(refinement["tests_passed"])
    return bool(refinement["judgment"] == "correct")


def summary(refinement: Json) -> Text:
    """Say in a line what came of it."""
    usage, selected = refinement["usage"], refinement["selected"]
    solved = is_solved(refinement)
    return Text(
        f"{'solved' if solved else 'not solved'}: {refinement['stop_reason'].replace('_', ' ')}, "
        f"round {selected['round']} selected, "
        f"{usage['prompt_tokens'] + usage['completion_tokens']} tokens, {refinement['seconds']:.1f} s",
        style="bold green" if solved else "bold yellow",
    )
