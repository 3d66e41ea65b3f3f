"""A training's figures as JSON lines, one for each log event, whole after any number of restarts."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.tasks.records import mended_lines, write_jsonl


class MetricsLog(TrainerCallback):
    """Appends to a file; a resumed run first drops the lines beyond the step it resumes from."""

    def __init__(self, path: Path, extra: Callable[[], Mapping[str, float]] = dict) -> None:
        """`extra` is asked for more figures at every event."""
        self._path, self._extra = path, extra

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Drop what a killed run had logged after its last checkpoint, and all where there was none."""
        if state.is_world_process_zero:
            known = mended_lines(self._path) if state.global_step else []
            write_jsonl(self._path, (line for line in known if int(str(line["step"])) <= state.global_step))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Append one line."""
        figures = {"step": state.global_step, **(logs or {}), **self._extra()}
        if state.is_world_process_zero:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(figures, default=float) + "\n")
