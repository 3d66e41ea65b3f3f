"""Stage `grpo`: reinforcement with the frozen generator and the sandbox as reward (paper 3.3)."""

import shutil
from collections.abc import Mapping

from rich.console import Console

from service.domain.task import Task
from training.grpo.leverage import require_leverage
from training.grpo.reinforce import Reinforcement
from training.grpo.rows import prompt_rows
from training.judging import sandbox_service
from training.options import Options
from training.rewards.desk import RewardDesk
from training.rewards.parts import Parts
from training.run import Run
from training.tasks.records import task_of

_CONCURRENCY = 64


def run_stage(run: Run, options: Options) -> None:
    """One run for each seed under `grpo/seed-N`; the critic of the first becomes `critic-rl`."""
    config = run.config.grpo
    tasks = judged_tasks(run)
    with sandbox_service(options.sandbox_url) as url, reward_desk(run, url) as desk:
        leverage = require_leverage(desk, tasks, run.records("critiques.jsonl"), config.least_leverage)
        Console(stderr=True).print(f"leverage on wrong drafts: {leverage:.0%}")
        for seed in config.seeds:
            _one_seed(run, tasks, desk, seed)
    shutil.rmtree(run.file("grpo"), ignore_errors=True)
    shutil.copytree(run.unfinished("grpo"), run.file("grpo"), ignore=shutil.ignore_patterns("checkpoints"))
    shutil.rmtree(run.file("critic-rl"), ignore_errors=True)
    shutil.copytree(run.file("grpo") / f"seed-{config.seeds[0]}" / "critic", run.file("critic-rl"))


def _one_seed(run: Run, tasks: Mapping[str, Task], desk: RewardDesk, seed: int) -> None:
    out = run.unfinished("grpo") / f"seed-{seed}"
    if not (out / "critic").is_dir():
        rows = prompt_rows(run, seed)
        Reinforcement(run.config.grpo, seed, run.made("critic"), out, rows, tasks).run(desk)


def judged_tasks(run: Run) -> dict[str, Task]:
    """All tasks by id, with their hidden tests: for the sandbox, never for a model."""
    return {str(record["id"]): task_of(record, hidden=True) for record in run.records("tasks.jsonl")}


def reward_desk(run: Run, sandbox_url: str) -> RewardDesk:
    """A desk with the run's frozen generator: its endpoint, or the base model's weights."""
    endpoint = run.config.engines.generator
    concurrency = endpoint.concurrency if endpoint else _CONCURRENCY
    parts = Parts(endpoint or run.made("base"), sandbox_url, run.config.grpo.max_revision_tokens, concurrency)
    return RewardDesk(parts.opened, parts.concurrency)
