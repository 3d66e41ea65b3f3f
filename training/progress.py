"""Metrics of a training as JSON lines: one object a log event, whole after any number of restarts."""

import json
from pathlib import Path

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.tasks.records import write_jsonl


class MetricsLog(TrainerCallback):
    """Appends what the trainer logs, with its step, to a file; in a distributed run rank 0 alone writes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_kwargs: object
    ) -> None:
        """Drop what a killed run logged after the step that this one goes on from."""
        if state.is_world_process_zero:
            kept = _lines(self._path) if state.global_step else []
            write_jsonl(self._path, (line for line in kept if int(str(line["step"])) <= state.global_step))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_kwargs: object,
    ) -> None:
        """Append one line."""
        if state.is_world_process_zero and logs:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": state.global_step} | logs, default=float) + "\n")


def _lines(path: Path) -> list[dict[str, object]]:
    """Whole lines of the file; the last one is torn where the run was killed as it wrote."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]
