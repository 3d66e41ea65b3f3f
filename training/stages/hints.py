"""Stage `hints`: every draft runs on all its tests, and what they did becomes a hint (paper Table 7)."""

import random
from collections.abc import Sequence

from rich.console import Console

from service.domain.errors import RequestError
from service.domain.hints import Choose, hint
from service.domain.task import Candidate
from service.domain.verdict import Verdict
from training.judging import judge_all, sandbox_service
from training.options import Options
from training.run import Record, Run, StageError
from training.tasks.records import task_of, time_limit_of

_console = Console(stderr=True)


def run_stage(run: Run, options: Options) -> None:
    """Write `hints.jsonl`: id, draft, code, right, outcome, hint."""
    records = run.records("tasks.jsonl")
    tasks = {record["id"]: task_of(record, hidden=True) for record in records}
    limits_s = {record["id"]: time_limit_of(record) for record in records}
    with sandbox_service(options.sandbox_url) as url:

        def work(chunk: Sequence[Record]) -> list[Record]:
            judgings = [(tasks[record["id"]], Candidate(str(record["code"]))) for record in chunk]
            chunk_limits_s = [limits_s[record["id"]] for record in chunk]
            verdicts = judge_all(url, judgings, "judging drafts", chunk_limits_s)
            _tell_unfit(chunk, verdicts)
            return [
                record
                | {
                    "right": v.accepted,
                    "outcome": v.outcome.value,
                    "hint": hint(task, v, _choose(run, record)),
                }
                for record, (task, _), v in zip(chunk, judgings, verdicts, strict=True)
                if isinstance(v, Verdict)
            ]

        run.in_chunks("hints", "hints.jsonl", run.records("drafts.jsonl"), work)


def _tell_unfit(chunk: Sequence[Record], verdicts: Sequence[Verdict | RequestError]) -> None:
    """Say which drafts are left out because their tests can judge no program; raises where all are."""
    unfit = {str(r["id"]): v for r, v in zip(chunk, verdicts, strict=True) if isinstance(v, RequestError)}
    if not unfit:
        return
    left_out = sum(isinstance(verdict, RequestError) for verdict in verdicts)
    name, error = next(iter(unfit.items()))
    told = (
        f"{left_out} of {len(chunk)} drafts are left out, as tests of {len(unfit)} problems cannot be run, "
        f"such as those of {name}: {error.field}: {error}"
    )
    if left_out == len(chunk):
        raise StageError(told)
    _console.print(told, highlight=False, markup=False, soft_wrap=True)


def _choose(run: Run, record: Record) -> Choose | None:
    """Pick one of a draft's failed tests at random (paper Table 7), the same one after a restart.

    The mini world takes the shortest: its base model has read no others.
    """
    if run.config.tasks.source == "mini":
        return None
    return random.Random(f"{run.config.seed}:hint:{record['id']}:{record['draft']}").choice
