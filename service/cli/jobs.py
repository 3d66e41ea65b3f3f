"""`ctrl jobs`: refinements that outlive the command that began them."""

import json
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from service.cli.gateway import patient, running_gateway
from service.cli.refine import is_solved, show_refinement, summary
from service.cli.terminal import judged, outcome, printable, program
from service.client import Job

Json = dict[str, Any]


def start_job(request: Json, url: str | None, *, as_json: bool) -> None:
    """Begin a refinement, and say how to come back to it."""
    with running_gateway(url) as client:
        job = client.start(request)
    if as_json:
        typer.echo(job.model_dump_json())
    else:
        typer.echo(f"{job.id} is {job.status}; see it with: ctrl jobs watch {job.id}")


def show_job(job_id: str, url: str | None, *, as_json: bool) -> bool:
    """Show where a refinement stands; say whether it is solved."""
    with running_gateway(url) as client:
        job = client.job(job_id)
    if as_json:
        typer.echo(job.model_dump_json())
    else:
        _show(job, Console(highlight=False))
    return _is_solved(job)


def watch_job(job_id: str, url: str | None, *, as_json: bool) -> bool:
    """Show a refinement from its beginning to its end; say whether it is solved."""
    console = Console(stderr=as_json, highlight=False)
    with running_gateway(url) as client:
        client.job(job_id)  # nobody there, and nothing known there, are said at once
    with running_gateway(url, patient()) as client:
        if as_json:
            refinement = client.wait(job_id).model_dump(mode="json")
            typer.echo(json.dumps(refinement))
        else:
            refinement = show_refinement(client.job_events(job_id), console)
            console.print(summary(refinement))
    return is_solved(refinement)


def cancel_job(job_id: str, url: str | None, *, as_json: bool) -> None:
    """End a refinement; what has ended stays as it is."""
    with running_gateway(url) as client:
        job = client.cancel(job_id)
    typer.echo(job.model_dump_json() if as_json else f"{job.id} is {job.status}")


def _is_solved(job: Job) -> bool:
    return job.refinement is not None and is_solved(job.refinement.model_dump(mode="json"))


def _show(job: Job, console: Console) -> None:
    console.print(Text(f"{job.id} is {job.status.replace('_', ' ')}", style="bold"))
    rounds = job.rounds if job.refinement is None else job.refinement.rounds
    for a_round in rounds:
        console.print(Text(f"candidate {a_round.candidate}, round {a_round.round}"))
        if a_round.critique is not None:
            console.print(judged(a_round.critique.model_dump(mode="json")))
        if a_round.verdict is not None:
            console.print(outcome(a_round.verdict.model_dump(mode="json")))
    if job.problem is not None:
        said = f"{job.problem.get('title')}: {job.problem.get('detail') or ''}"
        console.print(Text(printable(said), style="red"))
    if job.refinement is not None:
        console.print(program(job.refinement.solution))
        console.print(summary(job.refinement.model_dump(mode="json")))
