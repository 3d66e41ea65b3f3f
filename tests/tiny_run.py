"""A run that starts from a tiny random llama on disk: real files, made in a moment."""

import json
import tomllib
from datetime import date
from pathlib import Path

from tests.engine_checkpoint import Shape, write_checkpoint
from training.config import TrainConfig
from training.run import Record, Run
from training.tasks.mini import Split, problems
from training.tasks.records import problem_to_json, write_jsonl

_CRITIQUE = """\
Analysis:
1. asked: keep the even numbers; line 2: keep the odd numbers; different

Improvement suggestions:
Change line 2.

Overall judgment: Incorrect"""


def tiny_run(tmp_path: Path, sft: Record | None = None, adapter: bool = False) -> Run:
    """A run with tasks and critiques made, ready for SFT."""
    base = write_checkpoint(tmp_path / "llama", Shape(context=2048))
    run = Run(TrainConfig.model_validate(tiny_config(tmp_path, base, sft or {}, adapter)))
    drawn = [problem_to_json(problem) for problem in problems(Split.TRAIN, 3, 16)]
    write_jsonl(run.file("tasks.jsonl"), drawn)
    critiques: list[Record] = [
        {"id": task["id"], "code": task["reference"], "right": False, "critique": _CRITIQUE + "!" * n}
        for n, task in enumerate(drawn)
    ]
    write_jsonl(run.file("critiques.jsonl"), critiques)
    return run


def tiny_config(tmp_path: Path, base: Path, sft: Record, adapter: bool = False) -> Record:
    """The smoke configuration, started from weights instead of from nothing."""
    tree = tomllib.loads(Path("configs/smoke.toml").read_text(encoding="utf-8"))
    for section in ("model", "pretrain", "sizes"):
        del tree[section]
    tree |= {"base": str(base), "out": str(tmp_path / "run"), "export": {"adapter": adapter}}
    tree["sft"] |= {"batch": 4, "learning_rate": 1e-2} | sft
    return tree


def write_toml(tree: Record, path: Path) -> Path:
    """Write a configuration, its sections as inline tables."""
    path.write_text("\n".join(f"{key} = {_inline(value)}" for key, value in tree.items()), encoding="utf-8")
    return path


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(part)}" for key, part in value.items()) + " }"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)
