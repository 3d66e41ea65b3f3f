"""Running a candidate's tests in the time that is left."""

import asyncio

from service.domain.ports import Sandbox
from service.domain.task import Candidate, Task
from service.domain.verdict import Verdict

_RESERVE = 0.25
"""Share of the time left in which no more than the first failure is looked for."""
ENOUGH_S = 30.0
"""A shorter reserve is none: less than a test that loops, and what comes around it, may take."""


async def examined(sandbox: Sandbox, task: Task, candidate: Candidate, deadline: float | None) -> Verdict:
    """Run all tests; where time runs out, those up to the first that fails.

    A program that loops uses up its limit in every test. With many tests it would have no verdict for
    want of time, and that it fails is known from the first. `deadline` is in the event loop's time; nothing
    here ends the work when it comes.
    """
    reserve_s = 0.0 if deadline is None else _RESERVE * (deadline - asyncio.get_running_loop().time())
    if deadline is None or reserve_s < ENOUGH_S:
        return await sandbox.judge(task, candidate)
    limit = asyncio.timeout_at(deadline - reserve_s)
    try:
        async with limit:
            return await sandbox.judge(task, candidate)
    except TimeoutError:
        # Work that times out for reasons of its own is a bug in an adapter.
        if not limit.expired():
            raise
    return await sandbox.judge(task, candidate, stop_on_first_fail=True)
