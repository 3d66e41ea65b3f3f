"""Where durable refinements are attended to: taken from the store, worked at, and told to those who wait."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import (
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from dataclasses import dataclass, field
from typing import Annotated, cast

import structlog
from fastapi import Depends, Request

from service.api.drain import Drain
from service.api.jobs.document import cancellation
from service.api.jobs.run import Run
from service.domain.errors import OverloadedError, StoreError
from service.services import Services
from service.store import Glance, Job, Lease

log = structlog.get_logger(__name__)

POLL_S = 0.1
"""How often the store is asked about the jobs that are worked at or waited for: one round trip for all."""
IDLE_POLLS = 5
"""Polls between two looks for work, when nothing here gives a reason to look."""
READ_S = 10.0
"""How long a job counts as read after its log was: followers look at it twice as often."""
WITHDRAWN = 4096
"""Jobs that may wait to be withdrawn; the oldest are let go."""
LEAVING_S = 2.0
"""How long a stopping process may take to write down what it leaves to others."""


@dataclass(slots=True)
class _Followed:
    """A job that clients here wait for."""

    changed: set[asyncio.Event] = field(default_factory=set)
    readers: int = 0
    """Those of them that want its events, and not only its end."""
    seen: Glance | None = None


@dataclass(slots=True)
class _Reads:
    """How often the log of a job at work here was read, and when that was seen to have grown."""

    count: int = 0
    at: float = float("-inf")

    def saw(self, count: int) -> None:
        if count != self.count:
            self.count, self.at = count, asyncio.get_running_loop().time()

    @property
    def recent(self) -> bool:
        return asyncio.get_running_loop().time() < self.at + READ_S


@dataclass(slots=True)
class Desk:
    """One a process. Jobs taken from the store are bounded; those of clients here hold places of the gate."""

    services: Services
    drain: Drain
    group: asyncio.TaskGroup
    runs: dict[str, Run] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _reads: dict[str, _Reads] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _followed: dict[str, _Followed] = field(default_factory=dict)
    _followers: int = 0
    _withdrawn: dict[str, bool] = field(default_factory=dict)
    """Jobs that the store may hold although it did not say so, and whether they are in the background."""
    _kicked: asyncio.Event = field(default_factory=asyncio.Event)
    _store_answers: bool = True

    def start(self, lease: Lease, place: AbstractContextManager[object] | None = None) -> None:
        """Work at a job; without a `place` it is one of the bounded number taken from the store."""
        job_id = lease.job.id
        self.stop(job_id)  # an earlier lease of ours, which is lost
        run = Run(
            lease,
            self.services,
            place or nullcontext(),
            told=lambda: self.wake(job_id),
            is_read=lambda: self._is_read(job_id),
        )
        self.runs[job_id], self._reads[job_id] = run, _Reads()
        self._reads[job_id].saw(lease.job.reads)
        if place is None:
            self._taken.add(job_id)
            self.services.telemetry.jobs_at_work(len(self._taken))
        self._tasks[job_id] = self.group.create_task(self._work(job_id, run))

    async def keep(self, job_id: str) -> None:
        """Let a job go on although nobody waits for it."""
        await self.services.store.keep(job_id)
        if run := self.runs.get(job_id):
            run.background = True

    def stop(self, job_id: str) -> None:
        """Stop working at a job that has ended otherwise."""
        if task := self._tasks.get(job_id):
            task.cancel()

    def wake(self, job_id: str) -> None:
        """Let those who follow a job look at it."""
        for changed in self._followed.get(job_id, _Followed()).changed:
            changed.set()

    def wake_all(self) -> None:
        """Let everybody look at what they follow."""
        for job_id in list(self._followed):
            self.wake(job_id)

    def kick(self) -> None:
        """Look at the store now."""
        self._kicked.set()

    def client_left(self, job_id: str) -> None:
        """Tell the store, in spite of whatever cancels the caller."""
        self.group.create_task(self._leave(job_id))

    def withdraw(self, job: Job) -> None:
        """End a job that may have been created, once the store answers: its client was told otherwise."""
        self._withdrawn[job.id] = job.background
        while len(self._withdrawn) > WITHDRAWN:
            del self._withdrawn[next(iter(self._withdrawn))]

    def check_room(self) -> None:
        """Raise `OverloadedError` if no further client may follow anything."""
        if self._followers >= self.services.bounds.max_followers:
            raise OverloadedError(f"{self._followers} clients follow refinements already; try again shortly")

    @contextmanager
    def following(self, job_id: str, *, reads: bool) -> Iterator[asyncio.Event]:
        """Return what is set whenever the job may have changed; who `reads` wants more than its end."""
        self.check_room()
        changed = asyncio.Event()
        self._followers += 1
        followed = self._followed.setdefault(job_id, _Followed())
        followed.changed.add(changed)
        followed.readers += reads
        try:
            yield changed
        finally:
            self._followers -= 1
            followed.changed.discard(changed)
            followed.readers -= reads
            if not followed.changed:
                del self._followed[job_id]

    @property
    def is_idle(self) -> bool:
        """Whether nobody here works at anything, or waits for it."""
        return not self.runs and not self._followers

    async def attend(self) -> None:
        """Take what waits, look at what is followed, until cancelled."""
        polls = 0
        while True:
            kicked = self._kicked.is_set()
            self._kicked.clear()
            try:
                await self._look()
                await self._withdraw()
                if kicked or polls % IDLE_POLLS == 0:
                    await self._take()
                    self.services.telemetry.refinements_waiting(await self.services.store.waiting())
                    self._answers(None)  # the other polls may have had nothing to ask
            except StoreError as error:
                self._answers(error)
            except Exception:
                log.exception("desk_failed")
            polls += 1
            await self._pause()

    def hand_over(self, *, now: bool) -> None:
        """Leave the jobs at work to other processes."""
        for run in self.runs.values():
            run.hand_over(now=now)

    async def leave(self) -> None:
        """Stop: give every lease back, and let go of what does not end in time."""
        self.hand_over(now=True)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=LEAVING_S)
            for task in late:
                task.cancel()

    async def _work(self, job_id: str, run: Run) -> None:
        try:
            await run.work()
        except Exception:
            log.exception("job_crashed", refinement=job_id)
        finally:
            if self.runs.get(job_id) is run:
                del self.runs[job_id], self._tasks[job_id], self._reads[job_id]
                self._taken.discard(job_id)
                self.services.telemetry.jobs_at_work(len(self._taken))
            self.wake(job_id)
            self.kick()

    async def _look(self) -> None:
        """Stop what was ended elsewhere, and wake who follows what has changed."""
        asked = [*self.runs, *(job_id for job_id in self._followed if job_id not in self.runs)]
        if not asked:
            return
        glances = await self.services.store.look(asked)
        for job_id in asked:
            glance = glances.get(job_id)
            if glance is not None and glance.status.is_final and self._is_unfinished(job_id):
                self.stop(job_id)
            if glance is not None and job_id in self._reads:
                self._reads[job_id].saw(glance.reads)
            followed = self._followed.get(job_id)
            if followed is not None and followed.seen != glance:
                followed.seen = glance
                self.wake(job_id)

    async def _withdraw(self) -> None:
        for job_id, background in list(self._withdrawn.items()):
            end = self.services.store.cancel if background else self.services.store.leave
            await end(job_id, cancellation(job_id))
            del self._withdrawn[job_id]

    def _is_read(self, job_id: str) -> bool:
        """Whether clients follow the events of a job at work here, wherever they are."""
        followed, reads = self._followed.get(job_id), self._reads.get(job_id)
        return (followed is not None and followed.readers > 0) or (reads is not None and reads.recent)

    def _is_unfinished(self, job_id: str) -> bool:
        """Whether a run here has yet to find its last word."""
        run = self.runs.get(job_id)
        return run is not None and run.ending is None

    async def _take(self) -> None:
        while len(self._taken) < self.services.bounds.max_background and not self.drain.begun.is_set():
            lease = await self.services.store.take()
            if lease is None:
                return
            run = self.runs.get(lease.job.id)
            if run is None or not run.renew(lease):
                self.start(lease)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._kicked.wait()
        except TimeoutError:
            pass

    async def _leave(self, job_id: str) -> None:
        if job_id in self.runs and not self._is_unfinished(job_id):
            return  # its last word is known here, though the store may not have taken it yet
        try:
            await self.services.store.leave(job_id, cancellation(job_id))
        except StoreError:
            if self._is_unfinished(job_id):
                self.stop(job_id)
        self.kick()

    def _answers(self, error: StoreError | None) -> None:
        """Log when the store falls silent, and when it answers again."""
        if self._store_answers and error is not None:
            log.warning("store_unreachable", error=str(error))
        if not self._store_answers and error is None:
            log.info("store_reachable")
        self._store_answers = error is None


@asynccontextmanager
async def open_desk(services: Services, drain: Drain) -> AsyncGenerator[Desk, None]:
    """Attend to jobs for as long as the context lasts; then leave what is unfinished to others."""
    async with asyncio.TaskGroup() as group:
        desk = Desk(services, drain, group)
        attending = group.create_task(desk.attend())
        leaving = group.create_task(_leave_rounds(desk))
        try:
            yield desk
        finally:
            attending.cancel()
            leaving.cancel()
            await desk.leave()


async def _leave_rounds(desk: Desk) -> None:
    """When the process is to stop, let each job go after the round at work, if anyone else can take it."""
    await desk.drain.begun.wait()
    if desk.services.store.shared:
        desk.hand_over(now=False)
    desk.wake_all()
    await desk.drain.over.wait()
    desk.hand_over(now=True)
    desk.wake_all()


async def desk_of(request: Request) -> Desk:
    return cast(Desk, request.app.state.desk)


DeskDep = Annotated[Desk, Depends(desk_of)]
