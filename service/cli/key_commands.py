"""`ctrl keys …`: who may ask the gateway."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - imports wait for their command; options are typer's parameters
from pathlib import Path
from typing import Annotated

import typer

from service.domain.identity import Role

app = typer.Typer(help="Make keys for a gateway.", no_args_is_help=True, rich_markup_mode=None)

_Quota = Annotated[int | None, typer.Option(min=1)]


@app.callback()
def _one_of_several() -> None:
    """Keep `new` a command of its own while it is the only one."""


@app.command()
def new(
    tenant: Annotated[str, typer.Option(help="Whose key it is. Quotas are a tenant's.")],
    role: Annotated[list[Role], typer.Option(help="What it opens; give it more than once for more.")],
    file: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Append the entry to this TOML file.")
    ] = None,
    key_id: Annotated[
        str | None, typer.Option("--id", help="The key's name in logs. Default: the tenant's, and a number.")
    ] = None,
    requests_per_minute: _Quota = None,
    tokens_per_minute: _Quota = None,
    max_inflight: _Quota = None,
) -> None:
    """Draw a key and print it, this once. What is kept of it is its hash.

    Without --file the entry is printed too, on stderr. A running gateway reads a changed file by itself.
    """
    from service.cli.exits import explained
    from service.cli.keys import Wish, make_key
    from service.domain.identity import Quota

    quota = Quota(requests_per_minute, tokens_per_minute, max_inflight)
    with explained():
        make_key(Wish(tenant, frozenset(role), key_id, quota), file)
