"""One run of GRPO: from a critic, with a frozen generator and a sandbox, to a better critic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.trainer_utils import get_last_checkpoint
from trl.trainer.grpo_config import GRPOConfig as TrlConfig

from service.domain.task import Task
from training.base.saving import save_model
from training.config import GrpoConfig
from training.grpo.clock import Clock
from training.grpo.trainer import CriticTrainer
from training.grpo.watch import FlatGroups
from training.progress import MetricsLog
from training.rewards.desk import RewardDesk
from training.rewards.tally import Tally
from training.rewards.terms import Reward
from training.rewards.trl import CritiqueReward
from training.run import Record


@dataclass(frozen=True, slots=True)
class Reinforcement:
    """Everything one run needs. `tasks` hold all tests, by id; `rows` are prompts, step after step."""

    config: GrpoConfig
    seed: int
    start: Path
    out: Path
    rows: Sequence[Record]
    tasks: Mapping[str, Task]

    def run(self, desk: RewardDesk) -> None:
        """Train, or go on from the last checkpoint, and save under `out/critic`."""
        tokenizer = AutoTokenizer.from_pretrained(self.start, padding_side="left")
        reward = CritiqueReward(
            desk, self.tasks, Reward(self.config.reward), Tally(self.config.most_unjudged),
            self.config.max_completion_tokens,
        )  # fmt: skip
        clock = Clock(desk.spans)
        checkpoints = self.out / "checkpoints"
        trainer = CriticTrainer(
            model=AutoModelForCausalLM.from_pretrained(self.start, dtype=torch.float32),
            args=arguments(self.config, self.seed, checkpoints),
            reward_funcs=reward,
            train_dataset=Dataset.from_list(list(self.rows)),
            processing_class=tokenizer,
            callbacks=[
                MetricsLog(self.out / "metrics.jsonl", clock.read),
                FlatGroups(self.config.most_flat_groups),
            ],
        )
        trainer.reward, trainer.clock, trainer.chunks = reward, clock, self.config.sampling_chunks
        last = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None
        trainer.train(resume_from_checkpoint=last)
        assert isinstance(trainer.model, PreTrainedModel)
        save_model(trainer.model, tokenizer, self.out / "critic")


def arguments(config: GrpoConfig, seed: int, out: Path) -> TrlConfig:
    """Paper Table 9 as TRL spells it. A step of ours is `mini_batches` optimizer steps of TRL's."""
    on_gpu = torch.cuda.is_available()
    world = max(1, torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1)
    batch = config.prompts * config.generations
    share = batch // config.mini_batches // world
    micro = min(config.micro_batch or share, share)
    return TrlConfig(
        output_dir=str(out),
        max_steps=config.steps * config.mini_batches,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=share // micro,
        steps_per_generation=share // micro * config.mini_batches,
        num_generations=config.generations,
        learning_rate=config.learning_rate,
        lr_scheduler_type="constant",
        max_grad_norm=1.0,
        beta=config.kl,
        epsilon=config.clip,
        entropy_coef=config.entropy,
        loss_type="grpo",
        scale_rewards="group",
        temperature=config.temperature,
        max_completion_length=config.max_completion_tokens,
        shuffle_dataset=False,
        logging_steps=config.mini_batches,
        save_strategy="steps",
        save_steps=config.save_every_steps * config.mini_batches,
        save_total_limit=1,
        use_cpu=not on_gpu,
        bf16=on_gpu,
        gradient_checkpointing=on_gpu,
        dataloader_pin_memory=on_gpu,
        disable_tqdm=None,
        report_to=[],
        seed=seed,
        **_vllm(config),
    )


def _vllm(config: GrpoConfig) -> dict[str, Any]:
    if config.vllm is None:
        return {}
    if config.vllm == "colocate":
        return {"use_vllm": True, "vllm_mode": "colocate"}
    return {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": config.vllm}
