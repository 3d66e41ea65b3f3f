"""The prompts of reinforcement as a file for other trainers: verl reads Parquet, OpenRLHF JSON lines."""

from pathlib import Path

from training.grpo.rows import prompt_rows
from training.rewards.truth import dump_truth
from training.run import Record, Run, StageError
from training.tasks.records import write_jsonl
from training.whole import whole


def export_rows(run: Run, path: Path) -> int:
    """Write `path` (.parquet or .jsonl), whole or not at all, and return how many rows it has.

    Every row carries what `verl.py` and `openrlhf.py` beside this file need to score a critique: verl finds
    it under `reward_model.ground_truth`, OpenRLHF under `label`. It holds hidden tests: keep it from models.
    """
    tasks = {record["id"]: record for record in run.records("tasks.jsonl")}
    rows = [_row(run, row, tasks[row["task_id"]]) for row in prompt_rows(run, run.config.grpo.seeds[0])]
    match path.suffix:
        case ".jsonl":
            write_jsonl(path, rows)
        case ".parquet":
            _write_parquet(path, rows)
        case _:
            raise StageError(f"{path}: the name ends in .parquet (verl) or .jsonl (OpenRLHF)")
    return len(rows)


def _row(run: Run, row: Record, task: Record) -> Record:
    truth = dump_truth(task, str(row["code"]), right=bool(row["right"]))
    return {
        "data_source": run.config.name,
        "prompt": row["prompt"],
        "ability": "critique",
        "reward_model": {"style": "rule", "ground_truth": truth},
        "label": truth,
        "extra_info": {"task_id": row["task_id"]},
    }


def _write_parquet(path: Path, rows: list[Record]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - only this format needs it
    import pyarrow.parquet as pq  # noqa: PLC0415

    with whole(path) as partial:
        pq.write_table(pa.Table.from_pylist(rows), partial)
