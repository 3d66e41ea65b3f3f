"""Rewards found while the caller goes on sampling: a thread with an event loop of its own."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from training.rewards.outcome import Outcome, Span, Submission

_KEPT = 50_000
_CLOSE_S = 30.0


class Scorer(Protocol):
    """Finds the outcome of one critique."""

    async def outcome(self, submission: Submission) -> Outcome:
        """Return the outcome; a broken part is told in it."""


Open = Callable[[], AbstractAsyncContextManager[Scorer]]


@dataclass(slots=True)
class Work:
    """When revisions were written and when programs were judged."""

    revising: list[Span] = field(default_factory=list)
    judging: list[Span] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Note when an outcome was worked on."""
        self.revising += [outcome.revised] if outcome.revised else []
        self.judging += [outcome.judged] if outcome.judged else []


class RewardDesk:
    """Takes critiques at any time and scores up to `concurrency` of them at once; equal ones once."""

    def __init__(self, scorer: Open, concurrency: int) -> None:
        self._open, self._concurrency = scorer, concurrency
        self._futures: OrderedDict[tuple[str, str, str, bool], Future[Outcome]] = OrderedDict()
        self._work_done = Work()
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._jobs: asyncio.Queue[tuple[Submission, Future[Outcome]] | None] = asyncio.Queue()
        self._thread = threading.Thread(target=self._run, name="rewards", daemon=True)

    def __enter__(self) -> Self:
        """Open generator and sandbox; what keeps them from opening is raised here."""
        self._thread.start()
        self._loop = self._ready.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, None)
        self._thread.join(_CLOSE_S)

    def submit(self, submission: Submission) -> Future[Outcome]:
        """Start scoring a critique, or join who does. Outcomes lost to a broken part are tried anew."""
        known = self._futures.get(submission.key)
        if known is not None and not (known.done() and known.result().passed is None):
            return known
        future: Future[Outcome] = Future()
        self._futures[submission.key] = future
        if len(self._futures) > _KEPT:
            self._futures.popitem(last=False)
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, (submission, future))
        return future

    def work(self) -> Work:
        """Give and forget what was done since last asked."""
        work, self._work_done = self._work_done, Work()
        return work

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        slots = asyncio.Semaphore(self._concurrency)
        async with self._open() as scorer, asyncio.TaskGroup() as group:
            self._ready.set_result(asyncio.get_running_loop())
            while (job := await self._jobs.get()) is not None:
                group.create_task(self._work(scorer, slots, *job))

    async def _work(
        self, scorer: Scorer, slots: asyncio.Semaphore, submission: Submission, future: Future[Outcome]
    ) -> None:
        async with slots:
            try:
                outcome = await scorer.outcome(submission)
            except Exception as error:  # noqa: BLE001 - a fault of ours is raised where it is waited for
                future.set_exception(error)
            else:
                self._work_done.add(outcome)
                future.set_result(outcome)
