"""Stage `grpo`: reinforcement with the frozen generator and the sandbox as reward (paper 3.3)."""

import shutil
from pathlib import Path

from rich.console import Console

from training.grpo.leverage import require_leverage
from training.grpo.reinforce import Reinforcement
from training.grpo.rows import prompt_rows
from training.judging import sandbox_service
from training.options import Options
from training.rewards.desk import RewardDesk
from training.rewards.outcome import Target, target_of
from training.rewards.parts import Parts
from training.run import Run, StageError
from training.settings import Launch

_CONCURRENCY = 64


def run_stage(run: Run, options: Options) -> None:
    """One run for each seed under `grpo/seed-N`; the critic of the first becomes `critic-rl`.

    Every process of a launcher runs this; what is not training is done by the first one alone.
    """
    config, launch = run.config.grpo, Launch()
    if launch.world_size > 1 and options.sandbox_url is None:
        raise StageError(
            f"{launch.world_size} processes would each start a sandbox and share the cores, so that right "
            "programs run out of time: start one with `ctrl-sandbox` and pass its URL as --sandbox"
        )
    with (
        sandbox_service(options.sandbox_url) as url,
        reward_desk(run, url, config.max_revision_tokens) as desk,
    ):
        targets = all_targets(run)
        if launch.is_first:
            critiques = run.records("critiques.jsonl")
            leverage = require_leverage(desk, targets, critiques, config.least_leverage)
            Console(stderr=True).print(f"leverage on wrong drafts: {leverage:.0%}")
        for seed in config.seeds:
            out = run.unfinished("grpo") / f"seed-{seed}"
            if not (out / "critic").is_dir():
                rows = prompt_rows(run, seed)
                Reinforcement(config, seed, run.made("critic"), out, rows, targets).run(desk)
    if launch.is_first:
        _keep(run)


def _keep(run: Run) -> None:
    """Put the critics where later stages look for them; checkpoints stay behind."""
    replace_folder(run.unfinished("grpo"), run.file("grpo"))
    replace_folder(run.file("grpo") / f"seed-{run.config.grpo.seeds[0]}" / "critic", run.file("critic-rl"))


def replace_folder(source: Path, target: Path) -> None:
    """Copy a folder less its checkpoints to where another may be: whole or not at all."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial, ignore=shutil.ignore_patterns("checkpoints*"))
    shutil.rmtree(target, ignore_errors=True)
    partial.replace(target)


def all_targets(run: Run) -> dict[str, Target]:
    """What the run's programs are judged by, by task id: for the sandbox, never for a model."""
    return {str(record["id"]): target_of(record) for record in run.records("tasks.jsonl")}


def reward_desk(run: Run, sandbox_url: str, max_revision_tokens: int) -> RewardDesk:
    """A desk with the run's frozen generator: its endpoint, or the base model's weights."""
    run.config.require_reviser()
    endpoint = run.config.engines.generator
    concurrency = endpoint.concurrency if endpoint else _CONCURRENCY
    parts = Parts(endpoint or Path(run.base().name), sandbox_url, max_revision_tokens, concurrency)
    return RewardDesk(parts.opened, parts.concurrency)
