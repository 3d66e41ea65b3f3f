"""`ctrl batch`, in this process or over Ray Data."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - imports wait for their command; options are typer's parameters
from pathlib import Path
from typing import Annotated

import typer

from service.cli.batch.choices import Engine, Format
from service.cli.options import Config

Urls = Annotated[
    list[str] | None,
    typer.Option(
        "--url",
        help="A running gateway; for ray perhaps several, each with a --url of its own. "
        "Default: CTRL_URL, else http://127.0.0.1:8000, else a stack for this call.",
    ),
]


def batch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="Requests, one a line. For ray also Parquet, a folder, or a pattern.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Results, as they come: a file of JSON lines. For ray, a folder."),
    ],
    engine: Annotated[Engine, typer.Option(help="What the work is spread over.")] = Engine.LOCAL,
    concurrency: Annotated[
        int, typer.Option(min=1, max=1024, help="Rows at work at once. For ray, in each actor.")
    ] = 8,
    url: Urls = None,
    config: Config = None,
    actors: Annotated[int, typer.Option(min=1, max=4096, help="ray: processes that refine.")] = 2,
    format_: Annotated[
        Format, typer.Option("--format", help="ray: what the results are written as.")
    ] = Format.JSONL,
    ray_address: Annotated[
        str | None, typer.Option(help="ray: a running Ray. Default: one of its own, on loopback.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Refine every row of a file. Stopped, it is gone on with by the same command.

    A row of IN is a request as /refine takes it, and perhaps an id; a row of OUT is the id and the
    refinement. Rows that OUT has already are skipped. Those that fail are in OUT.failures.jsonl, and
    tried again next time.

    With --engine ray the rows are spread over Ray Data (pip install '.[ray]' in the repository): IN may be of
    any size, OUT is a folder (parts/ and failures/), and wrong rows do not stop the others.

    Exit codes: 0 all rows done, 1 some failed, 2 wrong rows, 3 the gateway is gone, 130 stopped.
    """
    from service.cli.batch.start import Asked, start
    from service.cli.exits import explained

    urls = tuple(url or ())
    asked = Asked(source, out, engine, concurrency, urls, config, actors, format_, ray_address)
    with explained():
        ended = start(asked, as_json=as_json)
    raise typer.Exit(ended)
