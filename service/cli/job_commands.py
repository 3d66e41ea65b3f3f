"""`ctrl jobs …`: what the gateway does in the background."""

# ruff: noqa: PLC0415 - imports wait for their command
import typer

from service.cli.options import AsJson, JobId, RunningUrl

app = typer.Typer(
    help="See, follow or end a refinement in the background.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def show(job_id: JobId, url: RunningUrl = None, as_json: AsJson = False) -> None:
    """Show where a refinement stands. Exits with 0 once it is solved."""
    from service.cli.exits import Exit, explained
    from service.cli.jobs import show_job

    with explained():
        solved = show_job(job_id, url, as_json=as_json)
    raise typer.Exit(Exit.DONE if solved else Exit.NOT_SOLVED)


@app.command()
def watch(job_id: JobId, url: RunningUrl = None, as_json: AsJson = False) -> None:
    """Follow a refinement to its end. Ctrl-C leaves it at work."""
    from service.cli.exits import Exit, explained
    from service.cli.jobs import watch_job

    with explained():
        solved = watch_job(job_id, url, as_json=as_json)
    raise typer.Exit(Exit.DONE if solved else Exit.NOT_SOLVED)


@app.command()
def cancel(job_id: JobId, url: RunningUrl = None, as_json: AsJson = False) -> None:
    """End a refinement. One that has ended stays as it is."""
    from service.cli.exits import explained
    from service.cli.jobs import cancel_job

    with explained():
        cancel_job(job_id, url, as_json=as_json)
