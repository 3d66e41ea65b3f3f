"""`ctrl eval`."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - imports wait for their command; options are typer's parameters
from pathlib import Path
from typing import Annotated

import typer

from service.cli.options import Config, Critic, Url
from service.domain.refinement import Feedback, StopRule


def evaluate(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Problems, one request a line as /refine takes it, with tests or hidden_tests.",
        ),
    ],
    rounds: Annotated[int, typer.Option(min=0, max=16, help="Revisions of each problem at most.")] = 3,
    generator: Annotated[str | None, typer.Option(help="A configured model.")] = None,
    critic: Critic = None,
    feedback: Annotated[
        Feedback | None, typer.Option(help="tests: the critic is told what the tests did.")
    ] = None,
    stop: Annotated[
        StopRule | None, typer.Option(help="What ends a refinement before its last round.")
    ] = None,
    samples: Annotated[
        int, typer.Option(min=1, max=1024, help="Refinements of each problem, for pass@k too.")
    ] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first problems.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="For problems that name no seed.")] = 0,
    concurrency: Annotated[int, typer.Option(min=1, max=1024, help="Refinements at work at once.")] = 8,
    out: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Where the graded refinements are kept. Default: NAME.eval.jsonl in this folder.",
        ),
    ] = None,
    url: Url = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Refine problems that have tests, and measure what the critiques were worth.

    Printed are pass@1 of the drafts and after each round, what was mended (Δ↑) and broken (Δ↓), how often
    judgments agree with the tests, and tokens, with standard errors over problems. Tests grade and are not
    shown to anybody, unless --feedback tests. hidden_tests grade where a line has them; the loop is not
    given them.

    Stopped, it is gone on with by the same command. What fails for want of a part of the service is in no
    figure, and is tried again next time.

    Exit codes: 0 all done, 1 some failed, 2 wrong rows or options, 3 the gateway is gone, 130 stopped.
    """
    from service.cli.evaluate.run import Asked, run_evaluation
    from service.cli.exits import explained

    options = {"rounds": rounds, "generator": generator, "critic": critic, "feedback": feedback, "stop": stop}
    given = {name: value for name, value in options.items() if value is not None}
    asked = Asked(source, out, given, samples, seed, limit, concurrency, url, config)
    with explained():
        ended = run_evaluation(asked, as_json=as_json)
    raise typer.Exit(ended)
