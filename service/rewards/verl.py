"""The critic as verl's reward: `reward.custom_reward_function.path` is this file.

`name` is `compute_score`, or `compute_score_sync` for the manager `remote`; `reward_kwargs` are the keywords
below, `url` above all. verl hands over no prompt, so the problem is a key of `extra_info`.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from service.rewards.asking import TIMEOUT_S, Asker, missing, score_of
from service.rewards.rows import item_of, truth_of


async def compute_score(  # noqa: PLR0913 - verl's own four, and reward_kwargs by name
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    *,
    url: str,
    key: str | None = None,
    mode: str = "hybrid",
    critic: str | None = None,
    votes: int = 1,
    fallback: float | None = None,
    timeout_s: float = TIMEOUT_S,
    attempts: int = 6,
    **_: object,
) -> dict[str, float]:
    """Return `score`, and always the same figures beside it: verl wants one set of keys a batch.

    Raises `RewardMissingError` for a program that could not be judged, as verl has no way to abstain;
    with `fallback` that score stands in, and `judged` is 0.
    """
    row = {**(extra_info or {}), "ground_truth": ground_truth}
    truth = truth_of(row, "ground_truth")
    problem = truth.problem or row.get("question")
    if not isinstance(problem, str):
        raise TypeError("verl hands over no prompt: give the problem as extra_info['problem']")
    asker = Asker(url, key, mode, critic, votes, timeout_s, attempts)
    (result,) = await asker.results([item_of(problem, solution_str, truth)])
    score = score_of(result)
    if score is None and fallback is None:
        raise missing(result, url)
    return {
        "score": score if score is not None else float(fallback or 0.0),
        "judged": float(score is not None),
        "tests_passed": _share_passed(result),
    }


def compute_score_sync(*args: Any, **kwargs: Any) -> dict[str, float]:
    """The same for a manager that calls from processes of its own."""
    return asyncio.run(compute_score(*args, **kwargs))


def _share_passed(result: Mapping[str, Any] | None) -> float:
    """The share of tests passed; -1 where none were run."""
    verdict = result and result["verdict"]
    return verdict["passed"] / verdict["total"] if verdict and verdict["total"] else -1.0
