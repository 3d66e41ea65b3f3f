"""Stage `hints`: every draft runs on all its tests, and what they did becomes a hint (paper Table 7)."""

from collections.abc import Sequence

from service.domain.hints import hint
from service.domain.task import Candidate
from training.judging import judge_all, sandbox_service
from training.options import Options
from training.run import Record, Run
from training.tasks.records import task_of


def run_stage(run: Run, options: Options) -> None:
    """Write `hints.jsonl`: id, draft, code, right, outcome, hint."""
    tasks = {record["id"]: task_of(record, hidden=True) for record in run.records("tasks.jsonl")}
    with sandbox_service(options.sandbox_url) as url:

        def work(chunk: Sequence[Record]) -> list[Record]:
            judgings = [(tasks[record["id"]], Candidate(str(record["code"]))) for record in chunk]
            verdicts = judge_all(url, judgings, "judging drafts")
            return [
                record | {"right": v.accepted, "outcome": v.outcome.value, "hint": hint(task, v)}
                for record, (task, _), v in zip(chunk, judgings, verdicts, strict=True)
            ]

        run.in_chunks("hints", "hints.jsonl", run.records("drafts.jsonl"), work)
