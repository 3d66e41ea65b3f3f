"""The commands of `ctrl`. Each imports what it needs when it runs, so that `--help` answers at once."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - imports wait for their command; options are typer's parameters
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from service.cli import batch_command, bench_command, eval_command, job_commands, key_commands
from service.cli.options import AsJson, Config, Critic, EntryPoint, RunningUrl, Source, TestsFile, Url

app = typer.Typer(
    name="ctrl",
    help="A critic reviews a program, a generator revises it, a sandbox judges it.",
    epilog="Exit codes: 0 solved or judged, 1 not, 2 wrong usage, 3 a part of the service failed, "
    "130 stopped, 141 nobody read the output to its end.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(job_commands.app, name="jobs")
app.add_typer(key_commands.app, name="keys")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"ctrl-refine {version('ctrl-refine')}")
        raise typer.Exit


@app.callback()
def _prepare(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which this is.")
    ] = False,
) -> None:
    """Make SIGTERM end a command as Ctrl-C does: children are stopped on the way out."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The gateway's port.")] = 8000,
    sandbox_port: Annotated[int, typer.Option(min=1, max=65535, help="The sandbox's port.")] = 8080,
    config: Config = None,
) -> None:
    """Start the sandbox and the gateway on loopback, in the foreground. Ctrl-C stops both."""
    from service.cli.exits import explained
    from service.cli.up import stay_up

    with explained():
        stay_up(port, sandbox_port, config)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535)] = None,
    sandbox_url: Annotated[str | None, typer.Option(help="Where the sandbox is.")] = None,
    config: Config = None,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="Stop when the process that started this one ends.")
    ] = False,
) -> None:
    """Start the gateway alone: what a container runs."""
    from service.cli.stopping import ended_at_once

    if with_parent:
        from service.cli.parent import end_with_parent

        end_with_parent()
    with ended_at_once():  # an interrupt in these imports becomes errors of all kinds
        from service.cli.serve import gateway_of

        serve_until_stopped = gateway_of(host, port, sandbox_url, config)
    serve_until_stopped()


@app.command()
def refine(
    source: Source,
    solution: Annotated[str | None, typer.Option(metavar="FILE", help="A draft to start from.")] = None,
    tests: TestsFile = None,
    entry_point: EntryPoint = None,
    rounds: Annotated[int | None, typer.Option(help="Revisions at most.")] = None,
    generator: Annotated[str | None, typer.Option(help="A configured model.")] = None,
    critic: Critic = None,
    background: Annotated[
        bool, typer.Option("--background", help="Leave it to a running gateway; for `ctrl jobs`.")
    ] = False,
    url: Url = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Refine a program for a problem, round by round.

    FILE is a JSON request, or a problem in prose with --solution, --tests and --entry-point beside it.
    Solved means that the tests pass, or, where there are none, that the critic judges the program correct.
    """
    from service.cli.exits import Exit, explained
    from service.cli.refine import run_refinement
    from service.cli.requests import check_sources, read_request, read_tests, read_text

    check_sources(source, solution, tests)
    options: dict[str, Any] = {
        "solution": None if solution is None else read_text(solution),
        "tests": read_tests(tests),
        "entry_point": entry_point,
        "rounds": rounds,
        "generator": generator,
        "critic": critic,
    }
    request = read_request(source, options)
    with explained():
        if background:
            from service.cli.exits import UsageError
            from service.cli.jobs import start_job

            if config is not None:
                raise UsageError("--background leaves it to a running gateway, which has its own --config")
            start_job(request, url, as_json=as_json)
            return
        solved = run_refinement(request, url, config, as_json=as_json)
    raise typer.Exit(Exit.DONE if solved else Exit.NOT_SOLVED)


@app.command()
def judge(
    source: Source,
    solution: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="A program to judge; give it more than once for more."),
    ] = None,
    tests: TestsFile = None,
    entry_point: EntryPoint = None,
    mode: Annotated[
        str | None, typer.Option(help="What decides: critique, exec, hybrid or pairwise.")
    ] = None,
    votes: Annotated[int | None, typer.Option(help="Critiques asked for of each program.")] = None,
    critic: Critic = None,
    url: Url = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Judge programs with the critic, and with tests where given.

    FILE is a JSON request, or a problem in prose with --solution, --tests and --entry-point beside it.
    """
    from service.cli.exits import Exit, explained
    from service.cli.judge import run_judging
    from service.cli.requests import check_sources, read_request, read_tests, read_text

    check_sources(source, solution, tests)
    options: dict[str, Any] = {
        "solutions": [read_text(path) for path in solution] if solution else None,
        "tests": read_tests(tests),
        "entry_point": entry_point,
        "mode": mode,
        "votes": votes,
        "critic": critic,
    }
    request = read_request(source, options)
    with explained():
        judged = run_judging(request, url, config, as_json=as_json)
    raise typer.Exit(Exit.DONE if judged else Exit.NOT_SOLVED)


@app.command()
def critique(
    source: Source,
    solution: Annotated[str | None, typer.Option(metavar="FILE", help="The program to review.")] = None,
    entry_point: EntryPoint = None,
    n: Annotated[int | None, typer.Option("-n", help="Critiques asked for.")] = None,
    critic: Critic = None,
    url: Url = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Have the critic review a program, without running or revising it.

    FILE is a JSON request, or a problem in prose with --solution beside it.
    """
    from service.cli.critique import run_critique
    from service.cli.exits import Exit, explained
    from service.cli.requests import check_sources, read_request, read_text

    check_sources(source, solution)
    options: dict[str, Any] = {
        "solution": None if solution is None else read_text(solution),
        "entry_point": entry_point,
        "n": n,
        "critic": critic,
    }
    request = read_request(source, options)
    with explained():
        judged = run_critique(request, url, config, as_json=as_json)
    raise typer.Exit(Exit.DONE if judged else Exit.NOT_SOLVED)


app.command()(batch_command.batch)
app.command("eval")(eval_command.evaluate)
app.command()(bench_command.bench)


@app.command()
def trace(
    source: Annotated[
        str,
        typer.Argument(
            metavar="ID|FILE|-", help="What the gateway called it (rf_…), or what ctrl refine --json printed."
        ),
    ],
    url: RunningUrl = None,
    as_json: AsJson = False,
) -> None:
    """Print a refinement as it went: programs and changes, verdicts, critiques, tokens, seconds, and who."""
    from service.cli.exits import explained
    from service.cli.trace import trace as print_trace

    with explained():
        print_trace(source, url, as_json=as_json)


@app.command()
def models(url: Url = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the models a request may name."""
    from service.cli.exits import explained
    from service.cli.models import list_models

    with explained():
        list_models(url, config, as_json=as_json)


@app.command()
def demo(
    problems: Annotated[int, typer.Option(min=1, help="How many problems to refine.")] = 24,
    file: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Problems, one JSON object a line. Default: the mini world's."),
    ] = None,
    stay: Annotated[
        bool | None, typer.Option(help="Keep serving afterwards. Default: in a terminal, yes.")
    ] = None,
    config: Config = None,
) -> None:
    """Start the stack, refine problems before your eyes, and count what the critique was worth."""
    from service.cli.demo import run_demo
    from service.cli.exits import explained

    with explained():
        run_demo(problems, file, config, stay=stay)
