"""The critic as a reward model: of two programs for one problem, which is the right one (paper, C.4)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, TypeVar

from rich.progress import Progress

from service.adapters.embedded import CheckpointError, EmbeddedModel
from service.adapters.openai import OpenAIModel
from service.domain.chat import Sampling
from service.domain.critique import Judgment
from service.domain.estimate import Estimate, mean
from service.domain.roles import ChatCritic
from service.domain.task import Candidate
from training.evaluate.cast import Cast
from training.evaluate.critics import Oracle, Remark, Reviewed
from training.evaluate.pairs import Pair
from training.first_error import first_error
from training.run import Record
from training.writing.served import served_model

_T = TypeVar("_T")

VOTES = (1, 2, 8, 32)
_SLOTS = 16


def scored_pairs(cast: Cast, role: str, pairs: Sequence[Pair]) -> Record:
    """Votes and logprob scores of a critic, for the right and the wrong program of each pair."""
    programs = _programs(pairs)
    reviewer = cast.critic(role, sampling=replace(cast.greedy, temperature=1.0))
    remarks = reviewer.review([program for program in programs for _ in range(max(VOTES))], 1)
    scores = asyncio.run(_logprob_scores(cast, role, programs))
    return _record(pairs, remarks, None if scores is None else _in_pairs(scores))


def careful_pairs(pairs: Sequence[Pair]) -> Record:
    """What a careful reviewer who knows the reference says of each program, once: it would not change."""
    return _record(pairs, Oracle().review(_programs(pairs), 1), None)


def _programs(pairs: Sequence[Pair]) -> list[Reviewed]:
    return [program for pair in pairs for program in pair]


def _record(pairs: Sequence[Pair], remarks: Sequence[Remark], scores: Sequence[object] | None) -> Record:
    correct = ["1" if remark.critique.judgment is Judgment.CORRECT else "0" for remark in remarks]
    each = len(remarks) // (2 * len(pairs))
    votes = ["".join(correct[start : start + each]) for start in range(0, len(correct), each)]
    return {
        "problems": [right.problem.id for right, _ in pairs],
        "votes": _in_pairs(votes),
        "scores": scores,
    }


def _in_pairs(values: Sequence[_T]) -> list[Sequence[_T]]:
    return [values[i : i + 2] for i in range(0, len(values), 2)]


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


def votes_drawn(record: Mapping[str, Any]) -> list[int]:
    """The numbers of votes that its accuracy can be told for."""
    drawn = len(record["votes"][0][0])
    return [votes for votes in VOTES if votes <= drawn]


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
    ties = [float(right == wrong) for right, wrong in _scores(record)]
    return _pairwise("logprob", wins_by_logprob(record), ties, record["problems"])


def wins_by_logprob(record: Mapping[str, Any]) -> list[float]:
    """Whether the right program of each pair scores higher."""
    return [float(right > wrong) for right, wrong in _scores(record)]


def _scores(record: Mapping[str, Any]) -> list[list[float]]:
    return [[-1.0 if score is None else score for score in pair] for pair in record["scores"]]


def _pairwise(method: str, wins: Sequence[float], ties: Sequence[float], problems: Sequence[str]) -> Pairwise:
    halves = [win + tie / 2 for win, tie in zip(wins, ties, strict=True)]
    return Pairwise(method, mean(wins, problems), mean(halves, problems), mean(ties, problems))
