"""The reward as OpenRLHF wants it: `--reward.remote_url` is this file, which defines `reward_func`.

Labels are rows that `ctrl-train rows` wrote. Where the parts are is read from `CTRL_REWARD_…`.
"""

import asyncio
import re
from collections.abc import Sequence

from training.rewards.outcome import Outcome, Submission
from training.rewards.parts import parts_from_environment
from training.rewards.terms import Reward, judges_rightly
from training.rewards.truth import submission_of
from training.rewards.verl import scored

# A query is decoded with its special tokens: what ends a turn follows the critique.
_END = re.compile(r"(?:\s|<\|[^|<>]{1,40}\|>|</s>|<eos>)+\Z")


def reward_func(
    queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str], **_: object
) -> dict[str, object]:
    """Return `rewards`, `scores` and `extra_logs`, lists aligned with the queries; empty ones for none.

    Raises `RewardMissingError` where a verdict could not be had: OpenRLHF has no way to abstain.
    """
    texts = [critique_of(query, prompt) for query, prompt in zip(queries, prompts, strict=True)]
    submissions = [submission_of(label, text) for label, text in zip(labels, texts, strict=True)]
    outcomes = asyncio.run(_outcomes(submissions))
    pairs = list(zip(submissions, outcomes, strict=True))
    rewards = [scored(Reward()(submission, outcome), outcome) for submission, outcome in pairs]
    accuracy = [float(judges_rightly(submission, outcome)) for submission, outcome in pairs]
    return {"rewards": rewards, "scores": rewards, "extra_logs": {"judgment_accuracy": accuracy}}


def critique_of(query: str, prompt: str) -> str:
    """Cut the critique out of a query: after the prompt, before the tokens that end a turn."""
    return _END.sub("", query.removeprefix(prompt)).lstrip("\n")


async def _outcomes(submissions: Sequence[Submission]) -> list[Outcome]:
    parts = parts_from_environment()
    slots = asyncio.Semaphore(parts.concurrency)

    async def one(submission: Submission) -> Outcome:
        async with slots:
            return await reviser.outcome(submission)

    async with parts.opened() as reviser, asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(submission)) for submission in submissions]
    return [task.result() for task in tasks]
