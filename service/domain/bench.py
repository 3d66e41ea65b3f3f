"""Many cases before one judge: equal ones are ruled on once, and each in its own right."""

import asyncio
from collections.abc import Sequence

from service.domain.errors import DeadlineError
from service.domain.judge import Judge, Sitting
from service.domain.pairwise import compare_all
from service.domain.refinement import Usage
from service.domain.ruling import Case, Mode, Ruling


async def rule(judge: Judge, cases: Sequence[Case]) -> list[Ruling]:
    """Rule on the cases, in their order.

    Raises `DeadlineError` where time ran out before any was ruled on, `RequestError` for comparisons that
    the critic has no wording for.
    """
    by_itself = judge.mode is not Mode.PAIRWISE
    if not by_itself:
        judge.critic.template.wording_of_comparisons()
    distinct = {case.key: case for case in cases}
    sitting = Sitting(judge, asyncio.get_running_loop().time() + judge.seconds)
    rulings = await (_each(sitting, distinct) if by_itself else _compared(sitting, distinct))
    late = [ruling.error for ruling in rulings.values() if isinstance(ruling.error, DeadlineError)]
    if late and len(late) == len(rulings):
        raise late[0]
    return [rulings[case.key] for case in cases]


def spent(cases: Sequence[Case], rulings: Sequence[Ruling]) -> Usage:
    """Add up what the distinct cases took."""
    usages = {case.key: ruling.usage for case, ruling in zip(cases, rulings, strict=True)}
    return sum(usages.values(), Usage())


_Key = tuple[bytes, str]


async def _each(sitting: Sitting, cases: dict[_Key, Case]) -> dict[_Key, Ruling]:
    async with asyncio.TaskGroup() as group:
        tasks = {key: group.create_task(sitting.rule(case)) for key, case in cases.items()}
    return {key: task.result() for key, task in tasks.items()}


async def _compared(sitting: Sitting, cases: dict[_Key, Case]) -> dict[_Key, Ruling]:
    """Compare what answers the same task; programs for different ones do not compare."""
    groups: dict[bytes, list[Case]] = {}
    for case in cases.values():
        groups.setdefault(case.task.key, []).append(case)
    async with asyncio.TaskGroup() as group:
        tasks = [(group.create_task(compare_all(sitting, of_task)), of_task) for of_task in groups.values()]
    return {
        case.key: ruling
        for task, of_task in tasks
        for case, ruling in zip(of_task, task.result(), strict=True)
    }
