"""Work done while the caller goes on: a thread with an event loop of its own."""

import asyncio
import math
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from itertools import count
from types import TracebackType
from typing import Generic, Self, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

_CLOSE_S = 30.0


class Desk(Generic[Job, Result]):
    """Takes jobs at any time and works at up to `concurrency` of them at once."""

    def __init__(
        self,
        opened: Callable[[], AbstractAsyncContextManager[Callable[[Job], Awaitable[Result]]]],
        concurrency: int,
        *,
        newest_first: bool = False,
    ) -> None:
        """`opened` gives who does the work, for as long as the desk is open."""
        self._opened, self._concurrency = opened, concurrency
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._numbers = count(0, -1) if newest_first else count()
        self._jobs: asyncio.PriorityQueue[tuple[float, tuple[Job, Future[Result]] | None]]
        self._jobs = asyncio.PriorityQueue()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def __enter__(self) -> Self:
        """Raise here what keeps the desk from opening."""
        self._thread.start()
        self._loop = self._ready.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what was submitted; after an error nobody waits for it, so it is dropped."""
        self._loop.call_soon_threadsafe(self._serving.cancel if kind else self._close)
        self._thread.join(_CLOSE_S)

    def start(self, job: Job, again: Future[Result] | None = None) -> Future[Result]:
        """Start a job; a fault in the work is raised where its result is asked for.

        `again` is what the same job was given before: it is not done twice, but counts as new if it waits.
        """
        future: Future[Result] = again or Future()
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, (next(self._numbers), (job, future)))
        return future

    def _close(self) -> None:
        for _ in range(self._concurrency):
            self._jobs.put_nowait((math.inf, None))

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        async with self._opened() as work, asyncio.TaskGroup() as group:
            serving = asyncio.current_task()
            assert serving is not None
            self._serving = serving
            self._ready.set_result(asyncio.get_running_loop())
            for _ in range(self._concurrency):
                group.create_task(self._work(work))

    async def _work(self, work: Callable[[Job], Awaitable[Result]]) -> None:
        while (taken := (await self._jobs.get())[1]) is not None:
            job, future = taken
            if future.running() or future.done():
                continue
            future.set_running_or_notify_cancel()
            try:
                result = await work(job)
            except Exception as error:  # noqa: BLE001 - a fault of ours is raised where it is waited for
                future.set_exception(error)
            else:
                future.set_result(result)
