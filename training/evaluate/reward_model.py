"""The critic as a reward model: of two programs for one problem, which is the right one (paper, C.4)."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from rich.progress import Progress

from service.adapters.embedded import CheckpointError, EmbeddedModel
from service.adapters.openai import OpenAIModel
from service.domain.chat import Sampling
from service.domain.critique import Judgment
from service.domain.estimate import Estimate, mean
from service.domain.roles import ChatCritic
from service.domain.task import Candidate
from training.evaluate.cast import Cast
from training.evaluate.critics import Reviewed
from training.first_error import first_error
from training.run import Record
from training.writing.served import served_model

VOTES = (1, 2, 8, 32)
_SLOTS = 16

Pair = tuple[Reviewed, Reviewed]
"""A right and a wrong program of one problem."""


def draw_pairs(drafts: Sequence[Reviewed], count: int, seed: int) -> list[Pair]:
    """Pair distinct programs of one problem: one pair a problem, and more of each only where too few."""
    rng = random.Random(f"{seed}:pairs")
    by_problem: dict[str, tuple[dict[str, Reviewed], dict[str, Reviewed]]] = defaultdict(lambda: ({}, {}))
    for item in drafts:
        by_problem[item.problem.id][item.accepted][item.code] = item
    pairs = [
        sorted(((r, w) for r in right.values() for w in wrong.values()), key=lambda _: rng.random())
        for wrong, right in by_problem.values()
    ]
    layers = max(map(len, pairs), default=0)
    in_turn = [group[depth] for depth in range(layers) for group in pairs if depth < len(group)]
    return in_turn[:count]


def scored_pairs(cast: Cast, role: str, pairs: Sequence[Pair]) -> Record:
    """Votes and logprob scores of a critic, for the right and the wrong program of each pair."""
    programs = [program for pair in pairs for program in pair]
    reviewer = cast.critic(role, sampling=replace(cast.greedy, temperature=1.0))
    remarks = reviewer.review([program for program in programs for _ in range(max(VOTES))], 1)
    correct = ["1" if remark.critique.judgment is Judgment.CORRECT else "0" for remark in remarks]
    votes = ["".join(correct[start : start + max(VOTES)]) for start in range(0, len(correct), max(VOTES))]
    scores = asyncio.run(_logprob_scores(cast, role, programs))
    return {
        "problems": [right.problem.id for right, _ in pairs],
        "votes": [votes[i : i + 2] for i in range(0, len(votes), 2)],
        "scores": None if scores is None else [scores[i : i + 2] for i in range(0, len(scores), 2)],
    }


async def _logprob_scores(cast: Cast, role: str, programs: Sequence[Reviewed]) -> list[float | None] | None:
    """P(Correct) at a greedy critique's judgment; None where no engine at hand gives logprobs."""
    engine = _engine(cast, role)
    if engine is None:
        return None
    async with engine as model:
        return await _scored(ChatCritic(model), programs, cast.greedy)


def _engine(cast: Cast, role: str) -> EmbeddedModel | OpenAIModel | None:
    endpoint = cast.endpoint(role)
    if endpoint is not None:
        return served_model("critic", endpoint)
    folder = cast.weights(role).cached()
    try:
        return None if folder is None else EmbeddedModel.load("critic", folder, slots=_SLOTS)
    except CheckpointError:
        return None


async def _scored(critic: ChatCritic, programs: Sequence[Reviewed], sampling: Sampling) -> list[float | None]:
    scores: list[float | None] = [None] * len(programs)
    waiting = iter(enumerate(programs))
    with Progress(transient=True) as progress:
        bar = progress.add_task("logprob scores", total=len(programs))

        async def work() -> None:
            for place, program in waiting:
                candidate = Candidate(program.code)
                critique, _ = await critic.critique(program.problem.task, candidate, None, sampling, None)
                scores[place] = critique.score
                progress.advance(bar)

        with first_error():
            async with asyncio.TaskGroup() as group:
                for _ in range(_SLOTS):
                    group.create_task(work())
    return scores


@dataclass(frozen=True, slots=True)
class Pairwise:
    """How often the right program scores higher. A tie is an error, as the paper counts, or half of one."""

    method: str
    ties_lose: Estimate
    ties_halve: Estimate
    ties: Estimate


def by_votes(record: Mapping[str, Any], votes: int) -> Pairwise:
    """Accuracy of `votes` votes a program: the mean over the disjoint blocks that the votes drawn make."""
    margins = [_margins(right, wrong, votes) for right, wrong in record["votes"]]
    ties = [fmean(margin == 0 for margin in each) for each in margins]
    name = f"{votes} vote{'s' * (votes > 1)}"
    return _pairwise(name, wins_by_votes(record, votes), ties, record["problems"])


def wins_by_votes(record: Mapping[str, Any], votes: int) -> list[float]:
    """How often the right program of each pair gets more votes."""
    return [fmean(m > 0 for m in _margins(right, wrong, votes)) for right, wrong in record["votes"]]


def _margins(right: str, wrong: str, votes: int) -> list[int]:
    starts = range(0, len(right) - votes + 1, votes)
    return [right[s : s + votes].count("1") - wrong[s : s + votes].count("1") for s in starts]


def by_logprob(record: Mapping[str, Any]) -> Pairwise | None:
    """Accuracy of the probability of Correct; a critique without a judgment scores below all others."""
    if record["scores"] is None:
        return None
    pairs = [[-1.0 if score is None else score for score in pair] for pair in record["scores"]]
    wins = [float(right > wrong) for right, wrong in pairs]
    ties = [float(right == wrong) for right, wrong in pairs]
    return _pairwise("logprob", wins, ties, record["problems"])


def _pairwise(method: str, wins: Sequence[float], ties: Sequence[float], problems: Sequence[str]) -> Pairwise:
    halves = [win + tie / 2 for win, tie in zip(wins, ties, strict=True)]
    return Pairwise(method, mean(wins, problems), mean(halves, problems), mean(ties, problems))
