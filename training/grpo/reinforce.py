"""One run of GRPO: from a critic, with a frozen generator and a sandbox, to a better critic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from rich.console import Console
from transformers import PreTrainedTokenizerBase
from transformers.distributed.fsdp import is_fsdp_enabled
from trl.trainer.grpo_config import GRPOConfig as TrlConfig

from training.checkpoints import last_checkpoint
from training.config import GrpoConfig
from training.grpo.clock import Clock
from training.grpo.trainer import CriticTrainer
from training.grpo.watch import FlatGroups
from training.one_gpu import require_one_gpu
from training.progress import MetricsLog
from training.rewards.desk import RewardDesk
from training.rewards.outcome import Target
from training.rewards.tally import Tally
from training.rewards.terms import Reward
from training.rewards.trace import Trace
from training.rewards.trl import CritiqueReward
from training.run import Record, StageError
from training.settings import Launch
from training.weights.loading import is_adapter, load_model, load_tokenizer, merged, training_dtype
from training.weights.lora import lora_adapter
from training.weights.places import Weights
from training.weights.saving import save_trained

_console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Reinforcement:
    """Everything one run needs. `rows` are prompts, step after step; `targets` are by task id."""

    config: GrpoConfig
    seed: int
    start: Path
    out: Path
    rows: Sequence[Record]
    targets: Mapping[str, Target]

    def run(self, desk: RewardDesk) -> None:
        """Train, or go on from the last checkpoint, and save under `out/critic`."""
        args = arguments(self.config, self.seed, self.out / "checkpoints")  # first: joins other processes
        require_one_gpu(args.n_gpu)
        start = self._whole_start()
        tokenizer = load_tokenizer(start, left=True)
        reward, clock, lora = self._reward(desk), Clock(desk.work), self.config.lora
        trainer = CriticTrainer(
            model=load_model(start, training_dtype(frozen=lora is not None)),
            args=args,
            reward_funcs=reward,
            train_dataset=Dataset.from_list(self._fitting(tokenizer)),
            processing_class=tokenizer,
            peft_config=lora_adapter(lora) if lora else None,
            callbacks=[
                MetricsLog(self.out / "metrics.jsonl", clock.read),
                FlatGroups(self.config.most_flat_groups),
            ],
        )
        trainer.reward, trainer.clock, trainer.chunks = reward, clock, self.config.sampling_chunks
        trainer.accelerator.wait_for_everyone()
        trainer.train(resume_from_checkpoint=last_checkpoint(self.out / "checkpoints"))
        save_trained(trainer, tokenizer, self.out / "critic")

    def _fitting(self, tokenizer: PreTrainedTokenizerBase) -> list[Record]:
        """The rows whose prompt is not too long; raises `StageError` where too few are left for a step."""
        most, count = self.config.max_prompt_tokens, len(self.rows)
        fitting = [row for row in self.rows if _prompt_tokens(row, tokenizer) <= most]
        left_out = f"{count - len(fitting)} of {count} prompts are left out: over {most} tokens"
        if len(fitting) < self.config.prompts:
            raise StageError(
                f"{left_out}, and a step needs {self.config.prompts}: raise grpo.max_prompt_tokens"
            )
        if len(fitting) < count and Launch().is_first:
            _console.print(left_out)
        return fitting

    def _whole_start(self) -> Weights:
        """The critic of stage I as a whole model: TRL loads the reference for the KL term from its folder."""
        start = Weights(str(self.start))
        if not is_adapter(start):
            return start
        whole = self.out / "start"
        if Launch().is_first and not whole.is_dir():
            partial = whole.with_name("start.partial")
            merged(self.start, torch.bfloat16).save_pretrained(partial)
            load_tokenizer(start).save_pretrained(partial)
            partial.replace(whole)
        PartialState().wait_for_everyone()
        return Weights(str(whole))

    def _reward(self, desk: RewardDesk) -> CritiqueReward:
        rank = Launch().rank  # a file for each process: appended lines of two would mix
        trace = Trace(self.out / (f"trace.{rank}.jsonl" if rank else "trace.jsonl"))
        tally = Tally(self.config.most_unjudged)
        reward = Reward(self.config.reward)
        return CritiqueReward(desk, self.targets, reward, tally, self.config.max_completion_tokens, trace)


def _prompt_tokens(row: Record, tokenizer: PreTrainedTokenizerBase) -> int:
    turns = row["prompt"]
    assert isinstance(turns, list)
    text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    assert isinstance(text, str)
    return len(tokenizer.encode(text, add_special_tokens=False))


def arguments(config: GrpoConfig, seed: int, out: Path) -> TrlConfig:
    """Paper Table 9 as TRL spells it. A step of ours is `mini_batches` optimizer steps of TRL's."""
    on_gpu = torch.cuda.is_available()
    share, micro = _share(config)
    args = TrlConfig(
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
        activation_checkpointing=on_gpu,
        dataloader_pin_memory=on_gpu,
        disable_tqdm=None,
        report_to=[],
        seed=seed,
        **_vllm(config),
    )
    if is_fsdp_enabled():  # recomputes activations by itself, as its file in configs/accelerate says
        args.activation_checkpointing = args.gradient_checkpointing = False
    return args


def _share(config: GrpoConfig) -> tuple[int, int]:
    """Critiques of a mini-batch on each process, and of a micro-batch.

    Raises `StageError` where they do not divide: TRL would take fewer than the configuration says.
    """
    batch, parts = config.prompts * config.generations, config.mini_batches * Launch().world_size
    share, rest = divmod(batch, parts)
    micro = min(config.micro_batch or share, share)
    if rest or share % micro:
        raise StageError(
            f"{batch} critiques a step do not divide into {config.mini_batches} mini-batches on "
            f"{Launch().world_size} processes in micro-batches of {config.micro_batch or 'any size'}: change "
            "grpo.prompts, grpo.mini_batches, grpo.micro_batch or the number of processes"
        )
    return share, micro


def _vllm(config: GrpoConfig) -> dict[str, Any]:
    if config.vllm is None:
        return {}
    if config.vllm == "colocate":
        return {"use_vllm": True, "vllm_mode": "colocate"}
    return {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": config.vllm}
