"""An evaluation from the command line: a batch whose rows are graded, and its figures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from service.cli.batch.ledger import LedgerError, open_ledger, read_results
from service.cli.batch.report import Report
from service.cli.batch.run import Batch, Run, said
from service.cli.evaluate.figures import Course, figures
from service.cli.evaluate.grading import graded
from service.cli.evaluate.problems import Draw, read_draws
from service.cli.evaluate.report import Evaluation
from service.cli.exits import Exit, UsageError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `ctrl eval`."""

    source: Path
    out: Path | None
    given: Mapping[str, Any]
    """Fields of every request."""
    samples: int
    seed: int
    limit: int | None
    concurrency: int
    url: str | None = None
    config: Path | None = None

    @property
    def place(self) -> Path:
        """Where the graded refinements are kept."""
        return self.out or Path(f"{self.source.stem}.eval.jsonl")


def run_evaluation(asked: Asked, *, as_json: bool) -> Exit:
    """Refine and grade what is not graded yet, and print the figures of all that is."""
    if not asked.source.is_file():
        raise UsageError(f"FILE: there is no file {asked.source}")
    console = Console(stderr=True, highlight=False)
    ask = partial(graded, options=asked.given.keys())
    batch = Batch(asked.source, asked.place, asked.concurrency, asked.url, asked.config, ask=ask)
    with said():
        draws = read_draws(asked.source, asked.given, asked.seed, asked.samples, asked.limit)
        try:
            with open_ledger(batch.out) as ledger:
                _check(batch.out)
                run = Run.over([draw.row for draw in draws], batch, ledger, console)
                try:
                    run.work()
                finally:
                    _evaluation(asked, draws, run.report).show(as_json=as_json)
        except LedgerError as error:
            raise LedgerError(f"--out: {error}") from None
    return run.report.exit


@dataclass(slots=True)
class _Kept:
    """What the output holds of these draws."""

    courses: list[Course] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    names: dict[str, dict[str, None]] = field(default_factory=lambda: {"generator": {}, "critic": {}})
    feedback: str = "blind"

    def add(self, problem: str, row: Json) -> None:
        refinement = row["refinement"]
        self.courses.append(Course.of(problem, row))
        self.tokens.update(
            {name: refinement["usage"][name] for name in ("prompt_tokens", "completion_tokens")}
        )
        for role, seen in self.names.items():
            seen[refinement["models"][role]["name"]] = None
        if refinement["feedback"] == "tests":
            self.feedback = "tests"


def _evaluation(asked: Asked, draws: Sequence[Draw], report: Report) -> Evaluation:
    kept, problems = _Kept(), {draw.row.id: draw.problem for draw in draws}
    with closing(read_results(report.output)) as rows:
        for row in rows:
            if row["id"] in problems:
                kept.add(problems[row["id"]], row)
    return Evaluation(
        source=str(asked.source),
        problems=len(set(problems.values())),
        samples=asked.samples,
        report=report,
        figures=figures(kept.courses, asked.samples) if kept.courses else None,
        tokens=kept.tokens,
        models={role: " and ".join(seen) for role, seen in kept.names.items()},
        feedback=kept.feedback,
    )


def _check(path: Path) -> None:
    """Raise `LedgerError` for a file of a batch: what is done there was not graded."""
    with closing(read_results(path)) as rows:
        for row in rows:
            if "passes" not in row:
                said = f"{path}: {row['id']!r} was refined by `ctrl batch`, ungraded; name another file"
                raise LedgerError(said)
