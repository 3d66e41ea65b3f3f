"""`ctrl judge`."""

import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.cli.gateway import gateway
from service.cli.terminal import outcome, printable, review

Json = dict[str, Any]


def run_judging(request: Json, url: str | None, config: Path | None, *, as_json: bool) -> bool:
    """Judge, show it, and say whether every program was judged."""
    console = Console(stderr=as_json, highlight=False)
    with gateway(url, config, console) as client:
        judging = client.judge(request).model_dump(mode="json")
    if as_json:
        typer.echo(json.dumps(judging))
    else:
        _show(judging, console)
    return all(result["status"] == "ok" for result in judging["results"])


def _show(judging: Json, console: Console) -> None:
    for index, result in enumerate(judging["results"]):
        console.print(Text(f"solution {index}", style="bold"))
        if result["critique"] is not None:
            console.print(review(result["critique"]))
        if result["verdict"] is not None:
            console.print(outcome(result["verdict"]))
        if result["error"] is not None:
            error = result["error"]
            console.print(
                Text(f"  {printable(error['title'])}: {printable(error['detail'] or '')}", style="red")
            )
    console.print(_table(judging))
    if judging["notice"]:
        console.print(Text(f"note: {printable(judging['notice'])}", style="yellow"))


def _table(judging: Json) -> Table:
    table = Table("rank", "solution", "status", "score", "judgment", "votes + / - / ?", "tests")
    # Programs for several problems have no ranking: they are shown as they came.
    ranks = {index: str(rank) for rank, index in enumerate(judging["ranking"], start=1)}
    for index in ranks or range(len(judging["results"])):
        result = judging["results"][index]
        votes, verdict = result["votes"], result["verdict"]
        table.add_row(
            ranks.get(index, "-"),
            Text(printable(result["id"] or str(index))),
            result["status"],
            "-" if result["score"] is None else f"{result['score']:.3f}",
            result["judgment"] or "-",
            f"{votes['correct']} / {votes['incorrect']} / {votes['unparsed']}",
            "-" if verdict is None else f"{verdict['passed']}/{verdict['total']}",
        )
    return table
