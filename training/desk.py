"""Work done while the caller goes on: a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Generic, Self, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

_CLOSE_S = 30.0


class Desk(Generic[Job, Result]):
    """Takes jobs at any time and works at up to `concurrency` of them at once, the oldest first."""

    def __init__(
        self,
        opened: Callable[[], AbstractAsyncContextManager[Callable[[Job], Awaitable[Result]]]],
        concurrency: int,
    ) -> None:
        """`opened` gives who does the work, for as long as the desk is open."""
        self._opened, self._concurrency = opened, concurrency
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._jobs: asyncio.Queue[tuple[Job, Future[Result]] | None] = asyncio.Queue()
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
        last = self._serving.cancel if kind else lambda: self._jobs.put_nowait(None)
        self._loop.call_soon_threadsafe(last)
        self._thread.join(_CLOSE_S)

    def submit(self, job: Job) -> Future[Result]:
        """Start a job; a fault in the work is raised where its result is asked for."""
        future: Future[Result] = Future()
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, (job, future))
        return future

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        slots = asyncio.Semaphore(self._concurrency)
        async with self._opened() as work, asyncio.TaskGroup() as group:
            serving = asyncio.current_task()
            assert serving is not None
            self._serving = serving
            self._ready.set_result(asyncio.get_running_loop())
            while (job := await self._jobs.get()) is not None:
                group.create_task(_done(work, slots, *job))


async def _done(
    work: Callable[[Job], Awaitable[Result]], slots: asyncio.Semaphore, job: Job, future: Future[Result]
) -> None:
    async with slots:
        try:
            result = await work(job)
        except Exception as error:  # noqa: BLE001 - a fault of ours is raised where it is waited for
            future.set_exception(error)
        else:
            future.set_result(result)
