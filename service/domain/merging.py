"""Several workers' events as one stream."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")

Emit = Callable[[_T], Awaitable[None]]
Worker = Callable[[Emit[_T]], Awaitable[None]]

_QUEUE_SIZE = 64
"""Events a worker may be ahead of whoever reads them."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """A worker's last word."""

    error: Exception | None = None


async def merged(workers: Sequence[Worker[_T]]) -> AsyncGenerator[_T, None]:
    """Run the workers and yield what they emit. The first error ends all, and is raised alone.

    Whether it ends by an error, by cancellation or by being closed, no task outlives it.
    """
    queue: asyncio.Queue[_T | _Ended] = asyncio.Queue(max(_QUEUE_SIZE, len(workers)))
    error: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_run(worker, queue)) for worker in workers]
        try:
            running = len(tasks)
            while running and error is None:
                match await queue.get():
                    case _Ended() as ended:
                        running, error = running - 1, ended.error
                    case event:
                        yield event
        except GeneratorExit:
            # Through the group it would become an exception group, which `aclose` does not expect.
            pass
        finally:
            for task in tasks:
                task.cancel()
            # Room for last words: nobody reads any more, and the group waits for those who wait to speak.
            while not queue.empty():
                queue.get_nowait()
    if error is not None:
        raise error


async def _run(worker: Worker[_T], queue: "asyncio.Queue[_T | _Ended]") -> None:
    """Run one worker. A task that failed would cancel the reader, who may be anywhere between two events."""
    try:
        await worker(queue.put)
    except Exception as error:  # noqa: BLE001  # raised again by `merged`
        await queue.put(_Ended(error))
    else:
        await queue.put(_Ended())
