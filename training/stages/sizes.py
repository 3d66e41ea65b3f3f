"""Stage `sizes`: base models of other sizes and seeds, each with a critic trained like the main one.

They answer who can help whom: small critics and large generators, and the other way round. In the mini world
only; with real weights, `[sizes]` is empty and there is nothing to do.
"""

from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerBase

from training.base.growth import grown
from training.base.pretrain import new_model, pretrain
from training.base.saving import save_model
from training.base.tokenizer import train_tokenizer
from training.config import SizeConfig
from training.grpo.reinforce import Reinforcement
from training.grpo.rows import prompt_rows
from training.judging import sandbox_service
from training.options import Options
from training.rewards.desk import RewardDesk
from training.run import Run
from training.stages.grpo import all_targets, replace_folder, reward_desk
from training.stages.sft import fine_tune
from training.weights.places import Weights


def run_stage(run: Run, options: Options) -> None:
    """Write `sizes/NAME/base`, `critic` and `critic-rl` for every `[sizes.NAME]`; what is there is kept."""
    if not run.config.sizes:
        return
    unfinished = run.unfinished("sizes")
    for name, size in run.config.sizes.items():
        if not (unfinished / name / "base").is_dir():
            _pretrain(run, size, unfinished / name)
    with (
        sandbox_service(options.sandbox_url) as url,
        reward_desk(run, url, run.config.grpo.max_revision_tokens) as desk,
    ):
        for name, size in run.config.sizes.items():
            if size.critic:
                _critic(run, desk, unfinished / name)
    replace_folder(unfinished, run.file("sizes"))


def _pretrain(run: Run, size: SizeConfig, folder: Path) -> None:
    _, main = run.config.scratch
    changes = {"batches": size.batches, "learning_rate": size.learning_rate or main.learning_rate}
    if size.grown:  # it knows the clean corpus already
        changes["early_share"] = 0.0
    tokenizer, model = _start(run, size)
    settings = main.model_copy(update=changes)
    model = pretrain(model, settings, tokenizer, size.seed, folder / "checkpoints")
    save_model(model, tokenizer, folder / "base.partial")
    (folder / "base.partial").replace(folder / "base")


def _start(run: Run, size: SizeConfig) -> tuple[PreTrainedTokenizerBase, LlamaForCausalLM]:
    if not size.grown:
        tokenizer = train_tokenizer(size.model.vocabulary, size.seed)
        return tokenizer, new_model(size.model, tokenizer, size.seed)
    main = AutoTokenizer.from_pretrained(run.made("base"))
    small = LlamaForCausalLM.from_pretrained(run.file("base"), dtype=torch.float32)
    return main, grown(small, new_model(size.model, main, size.seed))


def _critic(run: Run, desk: RewardDesk, folder: Path) -> None:
    """The main critic's data, generator and settings; only the model that learns is another."""
    if not (folder / "critic").is_dir():
        base = Weights(str(folder / "base"))
        fine_tune(run, base, folder / "checkpoints-sft", folder / "critic", folder / "sft.metrics.jsonl")
    if not (folder / "critic-rl").is_dir():
        config, seed, out = run.config.grpo, run.config.grpo.seeds[0], folder / "grpo"
        rows, targets = prompt_rows(run, seed), all_targets(run)
        Reinforcement(config, seed, folder / "critic", out, rows, targets).run(desk)
        (out / "critic").replace(folder / "critic-rl")
