"""Stage `hints`: every draft runs on all its tests, and what they did becomes a hint (paper Table 7)."""

import random
from collections.abc import Sequence

from service.domain.hints import Choose, hint
from service.domain.task import Candidate
from training.judging import judge_all, sandbox_service
from training.options import Options
from training.run import Record, Run
from training.tasks.records import task_of, time_limit_of


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
            return [
                record
                | {
                    "right": v.accepted,
                    "outcome": v.outcome.value,
                    "hint": hint(task, v, _choose(run, record)),
                }
                for record, (task, _), v in zip(chunk, judgings, verdicts, strict=True)
            ]

        run.in_chunks("hints", "hints.jsonl", run.records("drafts.jsonl"), work)


def _choose(run: Run, record: Record) -> Choose | None:
    """Pick one of a draft's failed tests at random (paper Table 7), the same one after a restart.

    The mini world takes the shortest: its base model has read no others.
    """
    if run.config.tasks.source == "mini":
        return None
    return random.Random(f"{run.config.seed}:hint:{record['id']}:{record['draft']}").choice
