"""The critic as a reward function of TRL: `GRPOTrainer(reward_funcs=[make_reward("http://…")], …)`.

Where a program could not be judged the reward is None, which TRL leaves out of the row's mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from service.rewards.asking import Asker, Json, missing, score_of
from service.rewards.rows import answered, asked, item_of, truth_of

Rewards = list[float | None]
OnError = Literal["none", "raise"] | float
"""What a missing reward becomes: None, the end of the run, or a number."""


@dataclass(frozen=True)
class JudgeReward:
    """An asynchronous reward function, which TRL awaits beside the step's others; it can be pickled."""

    __name__ = "judge"

    asker: Asker
    truth: str
    on_error: OnError

    async def __call__(self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> Rewards:
        """Return one reward for each completion, by one request to the gateway."""
        rows = [_row(columns, number, len(prompts)) for number in range(len(prompts))]
        items = [
            item_of(asked(prompt), answered(completion), truth_of(row, self.truth))
            for row, prompt, completion in zip(rows, prompts, completions, strict=True)
        ]
        results = await self.asker.results(items)
        _log(columns.get("log_metric"), results)
        return [self._reward(result) for result in results]

    def _reward(self, result: Json | None) -> float | None:
        score = score_of(result)
        if score is not None or self.on_error == "none":
            return score
        if self.on_error == "raise":
            raise missing(result, self.asker.url)
        return self.on_error


def make_reward(
    url: str,
    key: str | None = None,
    *,
    on_error: OnError = "none",
    truth: str = "ground_truth",
    **options: Any,
) -> JudgeReward:
    """Make a reward function that asks the gateway at `url`.

    The problem is the column `problem`, else the prompt. Tests are the columns `tests` and `entry_point`,
    else the column that `truth` names. `options` are those of `Asker`: mode, critic, votes, timeout_s.
    """
    if on_error not in {"none", "raise"} and not isinstance(on_error, int | float):
        raise ValueError(f'on_error is "none", "raise" or a number that stands in, not {on_error!r}')
    return JudgeReward(Asker(url, key, **options), truth, on_error)


def _row(columns: dict[str, Any], number: int, count: int) -> dict[str, Any]:
    """One row of the columns; what TRL passes besides is no column."""
    return {
        name: values[number]
        for name, values in columns.items()
        if isinstance(values, list) and len(values) == count
    }


def _log(log_metric: Callable[[str, float], None] | None, results: Sequence[Json | None]) -> None:
    if log_metric is not None and results:
        log_metric("unjudged", fmean(score_of(result) is None for result in results))
