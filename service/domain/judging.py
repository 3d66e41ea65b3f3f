"""The critic as a judge of finished programs: several votes, one score."""

from dataclasses import dataclass

from service.domain.chat import Sampling, TokenUsage
from service.domain.critique import Critique
from service.domain.roles import NOTHING_TO_REVIEW, ChatCritic
from service.domain.scoring import Votes, aggregate, count_votes
from service.domain.task import Candidate, Task


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the critic's votes say of a candidate. `critique` is one that agrees with the majority.

    The judgment is `votes.judgment`; the score is `critique.score`, None where no vote could be read.
    """

    critique: Critique
    votes: Votes
    usage: TokenUsage


async def judge_candidate(
    critic: ChatCritic, task: Task, candidate: Candidate, sampling: Sampling, votes: int = 1
) -> Opinion:
    """Ask the critic `votes` times. What is no program is incorrect and never reaches the model.

    Judges can be won over by a colon or "Let's think step by step" where code should be.
    """
    if not candidate.is_program:
        return nothing_to_judge(votes)
    critiques, usage = await critic.draw(task, candidate, sampling, votes)
    return Opinion(aggregate(critiques), count_votes(critiques), usage)


def nothing_to_judge(votes: int) -> Opinion:
    """The opinion on a candidate that is no program."""
    return Opinion(NOTHING_TO_REVIEW, Votes(incorrect=votes), TokenUsage())
