"""`ctrl bench`."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - imports wait for their command; options are typer's parameters
from pathlib import Path
from typing import Annotated

import typer

from service.cli.options import Critic, RunningUrl


def bench(
    requests: Annotated[int, typer.Option(min=1, max=1_000_000, help="Requests that are measured.")] = 100,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, max=4096, help="Requests at work at once. Default: 8; with --rate at most 1024."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, max=100_000, help="Requests a second, at random moments, answered or not."),
    ] = None,
    problem: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A request (.json), several that take turns (.jsonl), or a problem as text. "
            "Default: a small one of the mini world.",
        ),
    ] = None,
    judge: Annotated[bool, typer.Option("--judge", help="Load /judge instead of /refine.")] = False,
    rounds: Annotated[int | None, typer.Option(min=0, max=16, help="Revisions at most.")] = None,
    generator: Annotated[str | None, typer.Option(help="A configured model.")] = None,
    critic: Critic = None,
    warmup: Annotated[
        int | None,
        typer.Option(
            min=0, max=10_000, help="Requests before those. Default: as many as at once, at most 8."
        ),
    ] = None,
    url: RunningUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the measurements as JSON.")] = False,
) -> None:
    """Load a running gateway, and measure it.

    Printed are answers and tokens a second, percentiles of latency, of the time to the first event and to the
    first text, and of the gateway's own time, and errors by kind, those of a quota (429) apart. Every other
    refinement is streamed: the others tell the gateway's own time. Refusals are not waited for.

    Ctrl-C prints what has been measured so far.

    Exit codes: 0 all answered, 1 some not, 2 wrong options, 3 no gateway answers, 130 stopped.
    """
    from service.cli.bench.load import Load
    from service.cli.bench.requests import read_requests
    from service.cli.bench.run import Asked, run_bench
    from service.cli.exits import explained

    for name, value in (("--rounds", rounds), ("--generator", generator)):
        if judge and value is not None:
            raise typer.BadParameter(f"{name} is for refinements; leave it out with --judge")
    options = {"rounds": rounds, "generator": generator, "critic": critic}
    given = {name: value for name, value in options.items() if value is not None}
    most = concurrency or (8 if rate is None else 1024)
    with explained():
        load = Load(requests, most, rate)
        warming = min(most, requests, 8) if warmup is None else warmup
        asked = Asked(read_requests(problem, given, judge=judge), load, warming, judge, url)
        ended = run_bench(asked, as_json=as_json)
    raise typer.Exit(ended)
