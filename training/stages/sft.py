"""Stage `sft`: learn the hinted critiques from the hint-free instruction; loss on the critique only.

Runs as it is on a CPU, on one GPU, or on every rank of `accelerate launch` and `torchrun`.
"""

from pathlib import Path

import torch
from datasets import Dataset
from rich.console import Console
from transformers import PreTrainedTokenizerBase
from transformers.distributed.fsdp import is_fsdp_enabled
from trl.trainer.sft_config import SFTConfig as TrlConfig
from trl.trainer.sft_trainer import SFTTrainer

from service.domain.task import Candidate
from service.domain.templates import CRITIC_TEMPLATE
from training.checkpoints import last_checkpoint
from training.config import TrainConfig
from training.one_gpu import require_one_gpu
from training.options import Options
from training.progress import MetricsLog
from training.run import Record, Run, StageError
from training.settings import Launch
from training.tasks.records import task_of
from training.weights.loading import load_model, load_tokenizer, training_dtype
from training.weights.lora import lora_adapter
from training.weights.places import Weights
from training.weights.saving import plain_generation, save_trained

_console = Console(stderr=True)


def run_stage(run: Run, _options: Options) -> None:
    """Fine-tune the base model and save it, or its adapter, under `critic`."""
    fine_tune(run, run.base(), run.unfinished("sft"), run.file("critic"), run.file("sft.metrics.jsonl"))


def fine_tune(run: Run, base: Weights, checkpoints: Path, target: Path, metrics: Path) -> None:
    """Teach `base` the run's critiques, or go on from the last checkpoint, and save it as `target`."""
    config = run.config
    args = arguments(config, str(checkpoints))  # first: it joins the other processes, if there are any
    require_one_gpu(args.n_gpu)
    tokenizer = load_tokenizer(base)
    model = load_model(base, training_dtype(frozen=config.sft.lora is not None))
    if config.base is None:
        model.generation_config = plain_generation(tokenizer)
    trainer = SFTTrainer(
        model=model,
        args=args,
        train_dataset=dataset(run, tokenizer),
        processing_class=tokenizer,
        peft_config=lora_adapter(config.sft.lora) if config.sft.lora else None,
        callbacks=[MetricsLog(metrics)],
    )
    trainer.accelerator.wait_for_everyone()  # rank 0 may have thrown an earlier run's checkpoints away
    trainer.train(resume_from_checkpoint=last_checkpoint(checkpoints))
    save_trained(trainer, tokenizer, target)


def dataset(run: Run, tokenizer: PreTrainedTokenizerBase) -> Dataset:
    """Conversations in prompt/completion form: TRL then learns the completion only."""
    rows, most = examples(run), run.config.sft.max_tokens
    kept = rows if most is None else [row for row in rows if token_count(row, tokenizer) <= most]
    if len(kept) < len(rows) and Launch().is_first:
        _console.print(f"{len(rows) - len(kept)} of {len(rows)} examples are left out: over {most} tokens")
    if not kept:
        raise StageError(f"all {len(rows)} examples are longer than sft.max_tokens = {most}: raise it")
    return Dataset.from_list(kept)


def examples(run: Run) -> list[Record]:
    """Every critique with the hint-free request that it answers."""
    tasks = {record["id"]: record for record in run.records("tasks.jsonl")}
    rows = [_row(tasks[record["id"]], record) for record in run.records("critiques.jsonl")]
    if not rows:
        raise StageError(
            f"{run.file('critiques.jsonl')} is empty: no hinted critique was well-formed. "
            "Train the base model for longer, or raise solve.problems."
        )
    return rows


def _row(task: Record, record: Record) -> Record:
    request = CRITIC_TEMPLATE.request(task_of(task, hidden=False), Candidate(str(record["code"])))
    return {
        "prompt": [{"role": m.role, "content": m.content} for m in request],
        "completion": [{"role": "assistant", "content": record["critique"]}],
    }


def token_count(row: Record, tokenizer: PreTrainedTokenizerBase) -> int:
    """Length of an example, prompt included; one that is too long is not cut, as that would teach to stop."""
    turns = [*_turns(row["prompt"]), *_turns(row["completion"])]
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    assert isinstance(text, str)
    return len(tokenizer.encode(text, add_special_tokens=False))


def _turns(value: object) -> list[dict[str, str]]:
    assert isinstance(value, list)
    return value


def arguments(config: TrainConfig, out: str) -> TrlConfig:
    """Paper Table 8: cosine schedule, no warm-up. On a CPU, fp32 and no recomputation."""
    on_gpu, sft = torch.cuda.is_available(), config.sft
    args = TrlConfig(
        output_dir=out,
        num_train_epochs=sft.epochs,
        per_device_train_batch_size=sft.batch,
        gradient_accumulation_steps=sft.accumulation,
        learning_rate=sft.learning_rate,
        lr_scheduler_type="cosine",
        max_length=None,
        logging_steps=10,
        save_strategy="steps",
        save_steps=50,
        save_total_limit=1,
        use_cpu=not on_gpu,
        bf16=on_gpu,
        activation_checkpointing=on_gpu and config.base is not None,
        dataloader_pin_memory=on_gpu,
        report_to=[],
        seed=config.seed,
    )
    if is_fsdp_enabled():  # recomputes activations by itself, as its file in configs/accelerate says
        args.activation_checkpointing = args.gradient_checkpointing = False
    return args
