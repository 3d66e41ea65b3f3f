"""What reinforcement learns on: drafts to criticise."""

import random
from collections.abc import Sequence
from enum import Enum

from service.domain.task import Candidate, Task
from service.domain.templates import CRITIC_TEMPLATE
from training.run import Record, Run, StageError
from training.tasks.records import task_of


def prompt_rows(run: Run, seed: int) -> list[Record]:
    """Rows of a step's prompts, step after step: `prompt`, `task_id`, `code`, `right`.

    Drafts are those that screening kept, or without it all that reinforcement may use. Raises `StageError`
    where there are too few for one step.
    """
    config = run.config.grpo
    tasks = {str(record["id"]): task_of(record, hidden=False) for record in run.records("tasks.jsonl")}
    drafts = usable_drafts(run) if run.config.screen is None else screened_drafts(run)
    drawn = drawn_drafts(drafts, config.steps * config.prompts, config.wrong_share, f"{seed}:reinforce")
    if len(drawn) < config.prompts:
        more = "raise solve.problems, lower synthesize.problems or grpo.prompts"
        raise StageError(
            f"{len(drawn)} drafts are left for reinforcement and a step needs {config.prompts}: "
            f"{more if run.config.screen is None else f'raise screen.drafts or screen.critiques, or {more}'}"
        )
    return [_row(tasks[str(record["id"])], record) for record in drawn]


def usable_drafts(run: Run) -> list[Record]:
    """All drafts of problems that gave no critique to stage I (as the paper's scripts advise)."""
    taught = {record["id"] for record in run.records("critiques.jsonl")}
    return [record for record in run.records("hints.jsonl") if record["id"] not in taught]


class Standing(Enum):
    """How many of a draft's critiques earned the reward when it was screened."""

    NEVER = "never"
    MIXED = "mixed"
    ALWAYS = "always"


def standing(record: Record) -> Standing:
    """Read a line of `screened.jsonl`."""
    rewards = record["rewards"]
    assert isinstance(rewards, list)
    if not any(rewards):
        return Standing.NEVER
    return Standing.ALWAYS if all(rewards) else Standing.MIXED


def screened_drafts(run: Run) -> list[Record]:
    """Those that stage II can learn from: groups of the others would have no spread in reward."""
    return [record for record in run.records("screened.jsonl") if standing(record) is Standing.MIXED]


def drawn_drafts(
    drafts: Sequence[Record], most: int | None, wrong_share: float | None, seed: str
) -> list[Record]:
    """Shuffle distinct drafts, in the share of wrong ones if one is asked for; at most `most`."""
    rng = random.Random(seed)
    distinct = list({(r["id"], r["code"]): r for r in drafts if str(r["code"]).strip()}.values())
    rng.shuffle(distinct)
    if wrong_share is None:
        return distinct[:most]
    wrong = [record for record in distinct if not record["right"]]
    right = [record for record in distinct if record["right"]]
    size = min(most or len(distinct), int(len(wrong) / wrong_share))
    if wrong_share < 1:
        size = min(size, int(len(right) / (1 - wrong_share)))
    few = round(size * wrong_share)
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
