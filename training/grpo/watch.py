"""Stops a run that has nothing left to learn from."""

from collections import deque
from statistics import fmean
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.run import StageError

_STEPS = 10


class FlatGroups(TrainerCallback):
    """Raises `StageError` once groups without any spread in reward are too many, over ten steps."""

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
        """Look at `frac_reward_zero_std`."""
        if logs is None or "frac_reward_zero_std" not in logs:
            return
        self._shares.append(float(logs["frac_reward_zero_std"]))
        if len(self._shares) == _STEPS and fmean(self._shares) > self._most:
            raise StageError(
                f"{fmean(self._shares):.0%} of the groups of the last {_STEPS} steps had critiques that all "
                f"earned the same (grpo.most_flat_groups allows {self._most:.0%}): there is nothing to learn "
                "from. Take harder or easier drafts (grpo.wrong_share), more generations, or fewer steps"
            )
