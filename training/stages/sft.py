"""Stage `sft`: learn the hinted critiques from the hint-free instruction; loss on the critique only."""

from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.trainer_utils import get_last_checkpoint
from trl.trainer.sft_config import SFTConfig as TrlConfig
from trl.trainer.sft_trainer import SFTTrainer

from service.domain.task import Candidate
from service.domain.templates import CRITIC_TEMPLATE
from training.base.saving import save_model
from training.config import SftConfig
from training.options import Options
from training.run import Record, Run, StageError
from training.tasks.records import task_of


def run_stage(run: Run, _options: Options) -> None:
    """Fine-tune the base model and save it under `critic`."""
    tokenizer = AutoTokenizer.from_pretrained(run.made("base"))
    checkpoints = run.unfinished("sft")
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(run.file("base"), dtype=torch.float32),
        args=arguments(run.config.sft, run.config.seed, checkpoints),
        train_dataset=dataset(run),
        processing_class=tokenizer,
    )
    trainer.train(
        resume_from_checkpoint=get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None
    )
    assert isinstance(trainer.model, PreTrainedModel)
    save_model(trainer.model, tokenizer, run.file("critic"))


def dataset(run: Run) -> Dataset:
    """Conversations in prompt/completion form: TRL then learns the completion only."""
    tasks = {record["id"]: record for record in run.records("tasks.jsonl")}
    rows = [_row(tasks[record["id"]], record) for record in run.records("critiques.jsonl")]
    if not rows:
        raise StageError(
            f"{run.file('critiques.jsonl')} is empty: no hinted critique was well-formed. "
            "Train the base model for longer, or raise solve.problems."
        )
    return Dataset.from_list(rows)


def _row(task: Record, record: Record) -> Record:
    request = CRITIC_TEMPLATE.request(task_of(task, hidden=False), Candidate(str(record["code"])))
    return {
        "prompt": [{"role": m.role, "content": m.content} for m in request],
        "completion": [{"role": "assistant", "content": record["critique"]}],
    }


def arguments(config: SftConfig, seed: int, out: Path) -> TrlConfig:
    """Paper Table 8: one pass or two, cosine schedule, no warm-up. On a CPU, fp32 and no recomputation."""
    on_gpu = torch.cuda.is_available()
    return TrlConfig(
        output_dir=str(out),
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        max_length=None,
        logging_steps=10,
        save_strategy="steps",
        save_steps=50,
        save_total_limit=1,
        use_cpu=not on_gpu,
        bf16=on_gpu,
        activation_checkpointing=False,
        dataloader_pin_memory=on_gpu,
        report_to=[],
        seed=seed,
    )
