"""Ends a run that has nothing left to learn from."""

from collections import deque
from statistics import fmean
from typing import Any

from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.run import StageError

_STEPS = 10


class FlatGroups(TrainerCallback):
    """Looks at groups without any spread in reward, over ten steps.

    Too many of them at once: raises `StageError`, for there is nothing to learn from. Later on: the critic
    has learnt what these drafts teach, so the run ends there and keeps it, and says why.
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._shares: deque[float] = deque(maxlen=_STEPS)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Read `frac_reward_zero_std`."""
        if logs is None or "frac_reward_zero_std" not in logs:
            return
        self._shares.append(float(logs["frac_reward_zero_std"]))
        if len(self._shares) == _STEPS and fmean(self._shares) > self._most:
            self._end(args, state, control)

    def _end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl) -> None:
        reason = (
            f"{fmean(self._shares):.0%} of the groups of the last {_STEPS} steps had critiques that all "
            f"earned the same (grpo.most_flat_groups allows {self._most:.0%})"
        )
        # Not by what was read here: after a restart that begins anew.
        if state.global_step <= _STEPS * args.logging_steps:
            raise StageError(
                f"{reason}: there is nothing to learn from. Take harder or easier drafts (grpo.wrong_share) "
                "or more generations"
            )
        control.should_training_stop = True
        if state.is_world_process_zero:
            Console(stderr=True).print(f"ended at step {state.global_step} of {state.max_steps}: {reason}")
