"""How much of a refinement's prompts was read before: `python -m benchmarks.prefixes`.

Eight candidates and three rounds by the shipped models. What a server's prefix cache can save at most; the
mini tokenizer has one token for each fixed wording, so the instructions, which are all shared, hardly count.
"""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from tests.prefix_reuse import Heard, Reuse, embedded, refined, reuse, told_at_length

WEIGHTS = Path("weights/mini")
_NOTHING = Reuse(0, 0, 0)


def main(problems: Annotated[int, typer.Option(help="Of the demo's.")] = 8) -> None:
    """Print the share of prompt tokens in a prefix of an earlier prompt, by role."""
    lines = WEIGHTS.joinpath("demo.jsonl").read_text(encoding="utf-8").splitlines()[:problems]
    rows = [json.loads(line) for line in lines]
    print(f"{'':50} {'calls':>6} {'tokens':>8} {'shared':>8}")
    for statement, told in (("a sentence", rows), ("usual length", list(map(told_at_length, rows)))):
        runs = [asyncio.run(refined(embedded(WEIGHTS), row)) for row in told]
        _show(statement, runs, all_differ=False)
        _show(f"{statement}, no program twice", runs, all_differ=True)


def _show(name: str, runs: list[Heard], *, all_differ: bool) -> None:
    counted = [reuse(WEIGHTS, heard, all_differ=all_differ) for heard in runs]
    for role in ("generator", "critic"):
        _line(f"{name}, {role}", sum((each[role] for each in counted), _NOTHING))
    _line(f"{name}, both", sum((one for each in counted for one in each.values()), _NOTHING))


def _line(name: str, found: Reuse) -> None:
    print(f"{name:50} {found.calls:6} {found.tokens:8} {found.share:8.1%}")


if __name__ == "__main__":
    typer.run(main)
