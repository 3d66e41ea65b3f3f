"""What reinforcement learns on: drafts to criticise."""

import random
from collections.abc import Sequence

from service.domain.task import Candidate, Task
from service.domain.templates import CRITIC_TEMPLATE
from training.config import GrpoConfig
from training.run import Record, Run, StageError
from training.tasks.records import task_of


def prompt_rows(run: Run, seed: int) -> list[Record]:
    """Rows of a step's prompts, step after step: `prompt`, `task_id`, `code`, `right`.

    Problems that gave critiques to stage I are left out (as the paper's scripts advise), the others give
    all their drafts. Raises `StageError` where there are too few for one step.
    """
    config = run.config.grpo
    tasks = {str(record["id"]): task_of(record, hidden=False) for record in run.records("tasks.jsonl")}
    taught = {record["id"] for record in run.records("critiques.jsonl")}
    drafts = [record for record in run.records("hints.jsonl") if record["id"] not in taught]
    drawn = drawn_drafts(drafts, config, seed)
    if len(drawn) < config.prompts:
        raise StageError(
            f"{len(drawn)} drafts are left for reinforcement and a step needs {config.prompts}: raise "
            "solve.problems, lower synthesize.problems or grpo.prompts"
        )
    return [_row(tasks[str(record["id"])], record) for record in drawn]


def drawn_drafts(drafts: Sequence[Record], config: GrpoConfig, seed: int) -> list[Record]:
    """Shuffle distinct drafts, in the share of wrong ones if one is asked for; at most what a run uses."""
    rng = random.Random(f"{seed}:reinforce")
    distinct = list({(r["id"], r["code"]): r for r in drafts if str(r["code"]).strip()}.values())
    rng.shuffle(distinct)
    most, share = config.steps * config.prompts, config.wrong_share
    if share is None:
        return distinct[:most]
    wrong = [record for record in distinct if not record["right"]]
    right = [record for record in distinct if record["right"]]
    size = min(most, int(len(wrong) / share))
    if share < 1:
        size = min(size, int(len(right) / (1 - share)))
    few = round(size * share)
    chosen = wrong[:few] + right[: size - few]
    rng.shuffle(chosen)
    return chosen


def _row(task: Task, record: Record) -> Record:
    request = CRITIC_TEMPLATE.request(task, Candidate(str(record["code"])))
    return {
        "prompt": [{"role": m.role, "content": m.content} for m in request],
        "task_id": record["id"],
        "code": record["code"],
        "right": record["right"],
    }
