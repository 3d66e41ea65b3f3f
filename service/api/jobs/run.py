"""One job at work in this process: from its lease to its end, or to its handing over."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass, field, replace

import structlog

from service.api.jobs.pending import encoded
from service.api.jobs.recorder import Recorder
from service.api.jobs.setback import SETBACKS, postponement, wait_s
from service.api.refining import Refining, failure_of
from service.api.streaming import Frame
from service.caller import asking
from service.domain.errors import AbandonedError, DeadlineError, ServiceError, StoreError
from service.domain.events import RefinementCompleted, RoundFinished
from service.domain.identity import Identity
from service.observing.propagation import resumed
from service.services import Services
from service.store import Ending, Job, JobStatus, Lease, LeaseLostError

log = structlog.get_logger(__name__)

CRASHES = 3
"""Owners that may fall silent over one job, which may be what killed them."""


@dataclass(slots=True)
class Run:
    """Works at a job under a lease. `place` is what it holds in the process meanwhile."""

    lease: Lease
    services: Services
    place: AbstractContextManager[object]
    told: Callable[[], None]
    is_read: Callable[[], bool]
    """Whether a client follows its events, here or elsewhere."""
    ending: Ending | None = None
    """The last word, as soon as it is known; it may not be written yet."""
    background: bool = field(init=False)
    """Whether nobody need wait for it."""
    _recorder: Recorder = field(init=False)
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)
    _limit: asyncio.Timeout | None = None
    _setbacks: int = field(init=False)
    _is_over: bool = False
    """Whether it ended here, and was in the background: what its request set aside is given back."""
    _again_s: float | None = None
    """When it is put off: for how long."""

    def __post_init__(self) -> None:
        renew_s = self.services.bounds.lease_s / 3
        self._recorder = Recorder(self.services.store, self.lease, renew_s, self.told, self.is_read)
        self.background, self._setbacks = self.lease.job.background, self.lease.setbacks

    async def work(self) -> None:
        """Carry the job as far as this process gets. What stays unfinished is taken over by others."""
        tenant, limits = self.lease.job.tenant, self.services.limits
        # Its request may be over, or have been another gateway's: the bill is the job's own.
        with resumed(self.lease.job.trace), asking(Identity(tenant, frozenset())) as account:
            account.covered = set_aside = limits.set_aside(tenant)
            try:
                await self._worked()
            finally:
                await limits.settle(tenant, account.due + (0 if self._is_over else set_aside))

    async def _worked(self) -> None:
        with self.place, structlog.contextvars.bound_contextvars(refinement=self.lease.job.id):
            log.info("job_taken", token=self.lease.token, rounds=len(self.lease.job.rounds))
            try:
                await self._recorded()
            except* LeaseLostError:
                log.warning("job_lost")
            except* (TimeoutError, StoreError):
                log.error("job_not_written_in_time")  # noqa: TRY400 - each attempt has been logged

    def renew(self, lease: Lease) -> bool:
        """Go on under a new lease, after one that expired while the store was away; False: it is too late."""
        return self._recorder.renew(lease)

    @property
    def is_refused(self) -> bool:
        """Whether the store does not take what is written of it just now."""
        return self._recorder.is_refused

    def hand_over(self, *, now: bool) -> None:
        """Leave the job to another process, after the round at work or `now`."""
        self._leaving.set()
        if now and self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def _recorded(self) -> None:
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(self._recorder.write_behind())
            self.ending = await self._refined()
            self._recorder.close(self.ending)
            self.told()
            async with asyncio.timeout(self.services.bounds.request_seconds):
                await writing
        if self.ending is None:
            await self.services.store.release(self._recorder.lease, self._again_s)
            log.info("job_handed_over" if self._again_s is None else "job_put_off", again_s=self._again_s)
        elif self.background:
            self._is_over = True
            self.services.telemetry.job_ended()

    async def _refined(self) -> Ending | None:
        """Refine; return the last word, or None if the job is left to others."""
        job_id = self.lease.job.id
        try:
            refining = Refining.resumed(self.lease.job, self.services, self._is_read_along)
            watched = replace(refining, left_to_others=self._leaving, is_put_off=self._is_put_off)
            return await self._in_time(watched)
        except ServiceError as error:
            if self._is_put_off(error):
                await self._put_off(error)
                return None
            return _ending(JobStatus.FAILED, failure_of(job_id, error))
        except Exception as error:
            log.exception("refinement_crashed")
            return _ending(JobStatus.FAILED, failure_of(job_id, error))

    def _is_read_along(self) -> bool:
        """What was put off is streamed: an answer that is too long in coming may be on its way."""
        return self.is_read() or self.lease.setbacks > 0

    def _is_put_off(self, error: ServiceError) -> bool:
        """Whether to go on later: in the background nobody waits for an answer that is only a failure."""
        return error.passing and self.background and self._setbacks < SETBACKS

    async def _put_off(self, error: ServiceError) -> None:
        self._again_s = wait_s(error, self._setbacks)
        await self._recorder.say(postponement(self.lease.job.id, error, self._again_s))

    async def _in_time(self, refining: Refining) -> Ending | None:
        limit = asyncio.timeout(refining.limit_s)
        try:
            async with limit:
                self._limit = limit
                return await self._told(refining)
        except TimeoutError:
            if not limit.expired():
                raise
            if self._leaving.is_set():
                return None
            raise DeadlineError("the refinement did not end in time") from None
        finally:
            self._limit = None

    async def _told(self, refining: Refining) -> Ending | None:
        if self.lease.crashes > CRASHES:
            raise AbandonedError(f"{self.lease.crashes} gateways fell silent while they worked at it")
        if self.lease.token > 1 or self.lease.job.rounds:
            await self._recorder.say(_resumption(self.lease.job))
        async with aclosing(refining.run()) as events:
            async for event in events:
                if isinstance(event, RefinementCompleted):
                    return _ending(JobStatus.COMPLETED, refining.frame(event))
                if isinstance(event, RoundFinished):
                    self._recorder.finish(event.round)
                    self._setbacks = 0
                    if self._leaving.is_set():
                        return None
                else:
                    await self._recorder.say(refining.frame(event))
        raise AssertionError("a refinement that does not fail ends with RefinementCompleted")


def _ending(status: JobStatus, frame: Frame) -> Ending:
    return Ending(status, frame.event, encoded(frame.data))


def _resumption(job: Job) -> Frame:
    """Tell which rounds stand; what was told of later ones is told again."""
    rounds = sorted(tuple(map(int, name.split(":"))) for name in job.rounds)
    stand = [{"candidate": chain, "round": index} for chain, index in rounds]
    return Frame("refinement.resumed", {"id": job.id, "rounds": stand})
