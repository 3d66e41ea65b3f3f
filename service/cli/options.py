"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[
    str | None,
    typer.Option(
        help="A running gateway. Default: CTRL_URL, else http://127.0.0.1:8000, else a stack for this call."
    ),
]
RunningUrl = Annotated[
    str | None,
    typer.Option("--url", help="A running gateway. Default: CTRL_URL, else http://127.0.0.1:8000."),
]
Config = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Configuration file. Default: ./ctrl.toml.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the response alone, as JSON.")]
Source = Annotated[
    str,
    typer.Argument(
        metavar="FILE|-", help="A request as the API takes it (.json), or the problem as text (.md, .txt)."
    ),
]
TestsFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help='Tests: a JSON list, or one a line, such as {"args": [3], "expected": 4}.'
    ),
]
EntryPoint = Annotated[
    str | None, typer.Option(help="Function under test. Without it the program reads standard input.")
]
Critic = Annotated[str | None, typer.Option(help="A configured model.")]


def _job_id(value: str) -> str:
    from service.client.asking import checked_id  # noqa: PLC0415 - the client waits for its command

    try:
        return checked_id(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


JobId = Annotated[
    str, typer.Argument(metavar="ID", callback=_job_id, help="What the gateway called it: rf_…")
]
