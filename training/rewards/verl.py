"""The reward as verl wants it: `reward.custom_reward_function.path` is this file, `name` is `compute_score`.

verl awaits it once for each sample, in many workers; all calls of one share a bound and a memory.
Where the parts are is read from `CTRL_REWARD_…`.
"""

import asyncio

from service.domain.critique import Parsed
from training.rewards.outcome import Outcome
from training.rewards.parts import parts_from_environment
from training.rewards.standing import standing_desk
from training.rewards.terms import Reward, judges_rightly
from training.rewards.truth import submission_of


class RewardMissingError(RuntimeError):
    """A broken generator or sandbox; said loudly, since verl has no way to abstain and 0 would be a lie."""


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, object] | None = None,
    **_: object,
) -> dict[str, float]:
    """Return `score` and figures beside it. `ground_truth` is a row that `ctrl-train rows` wrote.

    Raises `RewardMissingError` where no verdict could be had, `TruthError` for a row that is not ours.
    """
    submission = submission_of(ground_truth, solution_str)
    asked = standing_desk(parts_from_environment()).submit(submission)
    outcome = await asyncio.shield(asyncio.wrap_future(asked))  # others may wait for the same one
    return {
        "score": scored(Reward()(submission, outcome), outcome),
        "format": float(outcome.critique.parsed is Parsed.STRICT),
        "judgment_accuracy": float(judges_rightly(submission, outcome)),
    }


def scored(reward: float | None, outcome: Outcome) -> float:
    """The reward; raises `RewardMissingError` where there is none."""
    if reward is None:
        raise RewardMissingError(f"no reward, and 0 would be wrong: {outcome.error}")
    return reward
