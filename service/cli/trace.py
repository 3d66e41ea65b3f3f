"""`ctrl trace`: a refinement as it went, from the gateway or from a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from service.api.refinement import RefinementOut, RoundOut
from service.cli.exits import UsageError
from service.cli.gateway import running_gateway
from service.cli.refine import summary
from service.cli.requests import read_text
from service.cli.terminal import change, outcome, printable, program, review
from service.client import AnswerError, Job
from service.client.asking import checked_id

Json = dict[str, Any]


def trace(source: str, url: str | None, *, as_json: bool) -> None:
    """Print what became of a refinement, round by round."""
    job = _read(source) if _is_file(source) else _fetched(source, url)
    if as_json:
        typer.echo(job.model_dump_json())
        return
    console = Console(highlight=False)
    for renderable in _told(job):
        console.print(renderable)


def _is_file(source: str) -> bool:
    return source == "-" or source.endswith(".json") or Path(source).is_file()


def _fetched(job_id: str, url: str | None) -> Job:
    try:
        checked_id(job_id)
    except ValueError as error:
        raise UsageError(f"{error}, and there is no such file") from None
    with running_gateway(url) as client:
        return client.job(job_id)


def _read(source: str) -> Job:
    """Read what `ctrl refine --json`, `ctrl jobs show --json` or this command printed."""
    try:
        document = json.loads(read_text(source))
    except ValueError as error:
        raise UsageError(f"{source} is not JSON: {error}") from None
    if isinstance(document, dict) and isinstance(document.get("refinement"), dict):
        document = document["refinement"]
    if not isinstance(document, dict) or "rounds" not in document:
        raise UsageError(f"{source} holds no refinement: it must be what ctrl refine --json prints")
    try:
        return Job.of(document)
    except AnswerError as error:
        raise UsageError(f"{source} holds no refinement: {error}") from None


def _told(job: Job) -> Iterator[RenderableType]:
    refinement = job.refinement
    yield Text(f"{job.id} is {job.status.replace('_', ' ')}", style="bold")
    if refinement is not None:
        yield from _who(refinement)
    rounds = job.rounds if refinement is None else refinement.rounds
    parallel = any(a_round.candidate for a_round in rounds)
    programs: dict[int, str] = {}
    for a_round in rounds:
        yield Rule(Text(_heading(a_round, parallel=parallel), style="bold"), align="left")
        yield from _round(a_round, programs.get(a_round.candidate))
        programs[a_round.candidate] = a_round.solution
    if job.problem is not None:
        said = f"{job.problem.get('title')}: {job.problem.get('detail') or ''}"
        yield Text(printable(said), style="red")
    if refinement is not None:
        yield Rule(align="left")
        yield _bill(refinement)
        yield summary(refinement.model_dump(mode="json"))


def _who(refinement: RefinementOut) -> Iterator[RenderableType]:
    generator, critic = refinement.models.generator, refinement.models.critic
    yield Text(f"generator {generator.name} ({generator.engine}), critic {critic.name} ({critic.engine})")
    yield Text(f"the critic was {_SAW[refinement.feedback]}", style="dim")
    if refinement.notice:
        yield Text(f"note: {printable(refinement.notice)}", style="yellow")


_SAW = {"blind": "not told what the tests did", "tests": "told what the tests did"}


def _heading(a_round: RoundOut, *, parallel: bool) -> str:
    title = "draft" if a_round.round == 0 else f"revision {a_round.round}"
    usage = a_round.usage
    took = f"{usage.prompt_tokens} + {usage.completion_tokens} tokens, {a_round.seconds:.2f} s"
    return f"candidate {a_round.candidate}, {title}: {took}" if parallel else f"{title}: {took}"


def _round(a_round: RoundOut, before: str | None) -> Iterator[RenderableType]:
    yield program(a_round.solution) if before is None else change(before, a_round.solution)
    if a_round.verdict is not None:
        yield outcome(a_round.verdict.model_dump(mode="json"))
    if a_round.critique is not None:
        yield review(a_round.critique.model_dump(mode="json"))
        if a_round.critique.parsed != "strict":
            yield Text(f"  read as: {a_round.critique.parsed}", style="dim")


def _bill(refinement: RefinementOut) -> Table:
    usage = refinement.usage
    table = Table(show_header=False, box=None, padding=(0, 2))
    for what, number in (
        ("prompt tokens", f"{usage.prompt_tokens} ({usage.cached_tokens} cached)"),
        ("completion tokens", usage.completion_tokens),
        ("calls", f"{usage.generator_calls} generator, {usage.critic_calls} critic"),
        ("sandbox runs", usage.sandbox_runs),
        ("seconds", f"{refinement.seconds:.2f}"),
    ):
        table.add_row(what, str(number))
    return table
