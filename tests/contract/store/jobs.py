"""Jobs to put into a store."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from service.store import Batch, Ending, Entry, Job, JobStatus

T = TypeVar("T")

_numbers = count(1)


def job(**changes: object) -> Job:
    """Describe a job that is like no other."""
    fields: dict[str, object] = {
        "id": f"rf_{next(_numbers):032x}",
        "request": '{"problem":"p"}',
        "created": 7,
    }
    return Job(**(fields | changes))  # type: ignore[arg-type]


def entries(first: int, last: int) -> list[Entry]:
    """Write entries whose data tells them apart."""
    return [Entry(number, "solution.delta", f'{{"n":{number}}}') for number in range(first, last + 1)]


def batch(first: int, last: int) -> Batch:
    return Batch(entries(first, last))


DONE = Ending(JobStatus.COMPLETED, "refinement.completed", '{"solution":"x"}')
FAILED = Ending(JobStatus.FAILED, "refinement.failed", '{"problem":{}}')
CANCELLED = Ending(JobStatus.CANCELLED, "refinement.cancelled", "{}")


async def eventually(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Ask until there is an answer."""
    async with asyncio.timeout(30):
        while (answer := await ask()) is None:  # noqa: ASYNC110 - another process has no events
            await asyncio.sleep(0.02)
        return answer
