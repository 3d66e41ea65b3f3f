"""Cases of one task ruled on by comparing their candidates two by two.

Critics favour a place: each pair is shown in both orders, and a win is one that survives the swap. The
points of the two orders are averaged, so a critic that always names the first makes every pair a tie.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from service.domain.critique import Judgment, Preference
from service.domain.errors import ServiceError
from service.domain.judge import Sitting
from service.domain.refinement import Usage
from service.domain.ruling import Basis, Case, Ruling, Status, Tally
from service.domain.tournament import Pair, hold

_POINTS = {Preference.FIRST: 1.0, Preference.TIE: 0.5, Preference.SECOND: 0.0}


async def compare_all(sitting: Sitting, cases: Sequence[Case]) -> list[Ruling]:
    """Rule on cases of one task. What is no program loses without being shown to the critic."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(sitting.tested(case)) for case in cases]
    before = [
        _no_code(task.result()) if not case.candidate.is_program else task.result()
        for case, task in zip(cases, tasks, strict=True)
    ]
    entered = [index for index, ruling in enumerate(before) if ruling.status is Status.ABSTAIN]
    comparisons = _Comparisons(sitting, [cases[index] for index in entered])
    met = await hold(len(entered), comparisons.meet)
    rulings = list(before)
    for entrant, index in enumerate(entered):
        rulings[index] = comparisons.ruling(entrant, met, before[index])
    return rulings


@dataclass(slots=True)
class _Comparisons:
    """The pairs of one task: what they came to, what they took, and whose failed."""

    sitting: Sitting
    cases: Sequence[Case]
    failures: dict[int, ServiceError] = field(default_factory=dict)
    usage: dict[int, Usage] = field(default_factory=dict)
    """By the pair's first entrant, so that nothing is counted twice."""

    async def meet(self, pairs: Sequence[Pair]) -> list[float | None]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._both_orders(pair)) for pair in pairs]
        return [task.result() for task in tasks]

    def ruling(self, entrant: int, met: dict[Pair, float | None], before: Ruling) -> Ruling:
        """Add up an entrant's comparisons. One that failed would bias the rest, so its error stands."""
        meetings = [(pair, share) for pair, share in met.items() if entrant in pair]
        shares = [share if pair[0] == entrant else _other(share) for pair, share in meetings]
        tally = Tally(
            wins=sum(share is not None and share > 0.5 for share in shares),
            losses=sum(share is not None and share < 0.5 for share in shares),
            ties=sum(share is not None and share == 0.5 for share in shares),
            unread=shares.count(None),
        )
        error = self.failures.get(entrant)
        return replace(
            before,
            score=None if error else tally.score,
            basis=None if error or tally.score is None else Basis.COMPARISONS,
            comparisons=tally,
            error=error,
            usage=before.usage + self.usage.get(entrant, Usage()),
        )

    async def _both_orders(self, pair: Pair) -> float | None:
        first, second = pair
        there = await self._points(first, second)
        if there is None:
            return None
        back = await self._points(second, first)
        return None if back is None else (there + 1 - back) / 2

    async def _points(self, first: int, second: int) -> float | None:
        """Return the mean points of whom is shown first, over the votes that could be read."""
        judge, pair = self.sitting.judge, (self.cases[first].candidate, self.cases[second].candidate)
        compare = partial(judge.critic.compare, self.cases[first].task, pair, judge.sampling, judge.votes)
        try:
            preferences, tokens = await self.sitting.within(compare)
        except ServiceError as error:
            self.failures[first] = self.failures[second] = error
            return None
        self.usage[first] = self.usage.get(first, Usage()) + Usage(tokens, critic_calls=1)
        points = [_POINTS[preference] for preference in preferences if preference is not None]
        return sum(points) / len(points) if points else None


def _other(share: float | None) -> float | None:
    return None if share is None else 1 - share


def _no_code(ruling: Ruling) -> Ruling:
    """Keep what the tests said: what is no program wins no comparison."""
    if ruling.error is not None:
        return ruling
    return replace(ruling, score=0.0, judgment=Judgment.INCORRECT, basis=Basis.NO_CODE)
