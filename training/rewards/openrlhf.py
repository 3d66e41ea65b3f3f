"""The reward as OpenRLHF wants it: `--reward.remote_url` is this file, which defines `reward_func`.

Labels are rows that `ctrl-train rows` wrote. Where the parts are is read from `CTRL_REWARD_…`.
"""

import re
from collections.abc import Sequence

from training.rewards.parts import parts_from_environment
from training.rewards.standing import standing_desk
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
    desk = standing_desk(parts_from_environment())
    outcomes = [asked.result() for asked in [desk.submit(submission) for submission in submissions]]
    pairs = list(zip(submissions, outcomes, strict=True))
    rewards = [scored(Reward()(submission, outcome), outcome) for submission, outcome in pairs]
    accuracy = [float(judges_rightly(submission, outcome)) for submission, outcome in pairs]
    return {"rewards": rewards, "scores": rewards, "extra_logs": {"judgment_accuracy": accuracy}}


def critique_of(query: str, prompt: str) -> str:
    """Cut the critique out of a query: after the prompt, before the tokens that end a turn."""
    return _END.sub("", query.removeprefix(prompt)).lstrip("\n")
