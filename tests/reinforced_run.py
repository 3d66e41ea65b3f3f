"""A run that stands before stage II: wrong drafts of the mini world, and the shipped weights."""

import random
import shutil
from pathlib import Path

from training.config import load_config
from training.run import Record, Run
from training.tasks.mini import Problem, Split, problems
from training.tasks.records import problem_to_json, write_jsonl
from training.tasks.review import careful_review
from training.tasks.slips import with_slips

SHIPPED = Path("weights/mini")


def _slipped(problem: Problem, seed: int) -> str:
    return with_slips(random.Random(seed), problem.reference, 1, problem.inputs).code()


def run_at(folder: Path, **grpo: object) -> Run:
    """A run that has come as far as `sft`: wrong drafts, careful critiques of the first eight."""
    smoke, quick = (load_config(Path(f"configs/{name}.toml")) for name in ("smoke", "quick"))
    changed = smoke.grpo.model_copy(update=grpo)
    run = Run(quick.model_copy(update={"out": folder, "grpo": changed, "screen": None}))
    drawn = list(problems(Split.TRAIN, 3, 24))
    codes = [_slipped(problem, n) for n, problem in enumerate(drawn)]
    drafts: list[Record] = [
        {"id": problem.id, "code": code, "right": False, "outcome": "wrong_answer"}
        for problem, code in zip(drawn, codes, strict=True)
    ]
    critiques = [
        record | {"critique": careful_review(problem.reference, str(record["code"])).text()}
        for problem, record in zip(drawn[:8], drafts[:8], strict=True)
    ]
    write_jsonl(run.file("tasks.jsonl"), [problem_to_json(problem) for problem in drawn])
    write_jsonl(run.file("hints.jsonl"), drafts)
    write_jsonl(run.file("critiques.jsonl"), critiques)
    shutil.copytree(SHIPPED / "critic", run.file("critic"))
    return run
