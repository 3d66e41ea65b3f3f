"""`ctrl demo`: refine problems that nobody prepared answers for, and count what critique was worth.

Hidden tests are run by the sandbox on every round, for the count alone: the loop never sees them.
"""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import typer
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from service.cli.exits import StackError
from service.cli.stack import Stack, free_port, port_is_free, running, stack
from service.cli.terminal import Progress, outcome, printable
from service.client import Client, UnreachableError
from service.settings import shared_file

Json = dict[str, Any]

ROUNDS = 3
SEED = 1


@dataclass(frozen=True, slots=True)
class Tried:
    """One problem's outcome: whether each round's program passes the hidden tests."""

    passes: tuple[bool, ...]
    selected: int
    tokens: int
    seconds: float

    def solved_at(self, round_: int) -> bool:
        """Whether the program of that round passes, or of the last one before it."""
        return self.passes[min(round_, len(self.passes) - 1)]


def run_demo(count: int, file: Path | None, config: Path | None, *, stay: bool | None) -> None:
    """Start a stack, refine the problems, print the count, and go on serving if asked to."""
    console = Console(highlight=False)
    problems = read_problems(file or shared_file("weights/mini/demo.jsonl"), count)
    with ExitStack() as exits:
        log = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="ctrl-"))) / "stack.log"
        with console.status("starting the sandbox and the gateway …"):
            started = exits.enter_context(running(_stack(config, log)))
        client = exits.enter_context(Client(started.url))
        tried = [
            _try(client, started.sandbox.url, problem, console, f"problem {number} of {len(problems)}")
            for number, problem in enumerate(problems, start=1)
        ]
        console.print(summary(tried), _where(started, serving=_stays(stay)), sep="\n")
        if _stays(stay):
            _serve(started)


def _try(client: Client, sandbox_url: str, problem: Json, console: Console, title: str) -> Tried:
    console.print(Rule(Text(title, style="bold cyan"), style="cyan"))
    console.print(Text(printable(problem["problem"])))
    # Blind: no tests go with the request, public or hidden.
    request = {"problem": problem["problem"], "entry_point": problem.get("entry_point"), "rounds": ROUNDS}
    passes: list[bool] = []
    with Progress(console) as progress:
        for event in client.refine_events({**request, "sampling": {"seed": SEED}}):
            progress.show(event)
            if event.event == "solution.completed":
                verdict = _hidden(sandbox_url, problem, event.data["solution"])
                console.print(outcome(verdict, "Hidden tests (nobody in the loop is told)"))
                passes.append(verdict["outcome"] == "accepted")
            if event.event == "refinement.completed":
                return _tried(event.data, passes)
    raise UnreachableError("the stream ended before the refinement did")


def _tried(refinement: Json, passes: Sequence[bool]) -> Tried:
    usage = refinement["usage"]
    return Tried(
        passes=tuple(passes),
        selected=refinement["selected"]["round"],
        tokens=usage["prompt_tokens"] + usage["completion_tokens"],
        seconds=refinement["seconds"],
    )


def _hidden(sandbox_url: str, problem: Json, code: str) -> Json:
    """Run the hidden tests on a program."""
    body = {"code": code, "entry_point": problem.get("entry_point"), "tests": problem["hidden_tests"]}
    try:
        answer = httpx.post(f"{sandbox_url}/judge", json=body, timeout=120.0, trust_env=False)
        answer.raise_for_status()
        verdict: Json = answer.json()["verdict"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise StackError(f"the sandbox gave no verdict: {error}") from error
    if verdict["outcome"] == "internal_error":
        raise StackError("the sandbox gave no verdict: internal error")
    return verdict


def summary(tried: Sequence[Tried]) -> Table:
    """Count how many problems each round solves, and what the critique mended and broke."""
    table = Table(title=f"{len(tried)} problems, hidden tests", show_header=False)
    for round_ in range(ROUNDS + 1):
        label = (
            "solved by the draft" if round_ == 0 else f"solved after {round_} revision{'s' * (round_ > 1)}"
        )
        table.add_row(label, str(sum(one.solved_at(round_) for one in tried)))
    for label, value in _totals(tried).items():
        table.add_row(label, value)
    return table


def _totals(tried: Sequence[Tried]) -> Mapping[str, str]:
    mended = sum(not one.passes[0] and one.passes[one.selected] for one in tried)
    broken = sum(one.passes[0] and not one.passes[one.selected] for one in tried)
    return {
        "wrong → right": str(mended),
        "right → wrong": str(broken),
        "tokens": f"{sum(one.tokens for one in tried):,}",
        "seconds": f"{sum(one.seconds for one in tried):.1f}",
    }


def _where(started: Stack, *, serving: bool) -> Text:
    text = Text()
    if serving:
        text.append(
            f"\nThe gateway serves at {started.url} (page, /refine, /judge); Ctrl-C stops it.\n", "bold"
        )
    text.append(
        "A real model instead: into a file mine.toml write [models.mine] engine, base_url and model, "
        'name it in [defaults] generator = "mine" and critic = "mine", and run: ctrl up --config mine.toml'
    )
    return text


def _serve(started: Stack) -> None:
    try:
        started.wait()
    except KeyboardInterrupt:
        typer.echo("stopping …", err=True)


def _stays(stay: bool | None) -> bool:
    return sys.stdout.isatty() if stay is None else stay


def _stack(config: Path | None, log: Path) -> Stack:
    """Take the usual ports where they are free."""
    port, sandbox_port = (usual if port_is_free(usual) else free_port() for usual in (8000, 8080))
    return stack(port, sandbox_port, config, log)


def read_problems(path: Path, count: int) -> list[Json]:
    """Read the first problems of a file, one JSON object a line."""
    try:
        # Not splitlines: a text may hold U+2028 and its like as they are.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
        return [json.loads(line) for line in lines if line.strip()][:count]
    except OSError as error:
        raise StackError(f"{path}: {error.strerror}; `make train-mini` writes the demo's problems") from error
    except ValueError as error:
        raise StackError(f"{path}: {error}") from error
