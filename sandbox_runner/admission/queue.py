"""Let so many submissions run and so many wait, tenants in turn, and turn the rest away at once."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sandbox_runner.admission.slots import Slots
from sandbox_runner.metrics import Metrics

ANONYMOUS = "anonymous"


class RefusedError(Exception):
    """No slot for this request; another try may get one."""

    retry_after_s = 1
    reason = "refused"


class BusyError(RefusedError):
    """The queue is full."""

    reason = "busy"


class DrainingError(BusyError):
    """The service is about to stop; another instance may answer."""

    retry_after_s = 5
    reason = "draining"


class TooLateError(RefusedError):
    """No slot came, or can come, before the deadline."""

    reason = "too_late"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who wants a slot, and until when."""

    tenant: str = ANONYMOUS
    deadline: float | None = None
    """A time of `time.monotonic`; later the slot is of no use."""
    patient: bool = False
    """Waits in the longer queue, and to its deadline whatever the chances are."""

    @property
    def left_s(self) -> float | None:
        return None if self.deadline is None else self.deadline - time.monotonic()


class Admission:
    """Invariant: whoever could have a slot when somebody left has it."""

    def __init__(self, slots: Slots, queue_size: int, patient_queue_size: int, metrics: Metrics) -> None:
        self._slots = slots
        self._queue_size = queue_size
        self._patient_queue_size = patient_queue_size
        self._metrics = metrics
        self._queues: dict[str, deque[asyncio.Future[object]]] = {}
        """Nobody's queue is empty; the first tenant is next, and goes to the end when served."""
        self._waiting = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.draining = False

    @asynccontextmanager
    async def slot(self, ticket: Ticket) -> AsyncIterator[None]:
        """Hold one slot while the block runs."""
        arrived = time.monotonic()
        try:
            holder = await self._enter(ticket)
        except RefusedError as refusal:
            self._metrics.refused(refusal.reason)
            raise
        self._metrics.queue_seconds.observe(time.monotonic() - arrived)
        self._metrics.inflight.inc()
        try:
            yield
        finally:
            self._metrics.inflight.dec()
            self._leave(holder)

    @property
    def most_at_once(self) -> int:
        return self._slots.most

    def refuse_if_full(self) -> None:
        """For work that comes in parts: better no part of it than some."""
        if self.draining:
            raise DrainingError
        if not self._slots.free and self._waiting >= self._queue_size:
            self._metrics.refused(BusyError.reason)
            raise BusyError

    async def drain(self, within_s: float) -> bool:
        """Let nobody in any more; say whether everybody was out in time."""
        self.draining = True
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _enter(self, ticket: Ticket) -> object:
        if self.draining:
            raise DrainingError
        if not self._slots.free:
            return await self._wait(ticket)
        if ticket.left_s is not None and ticket.left_s <= 0:
            raise TooLateError
        self._idle.clear()
        return self._slots.take()

    async def _wait(self, ticket: Ticket) -> object:
        self._refuse_the_hopeless(ticket)
        turn: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(ticket.tenant, deque()).append(turn)
        self._count_waiting(+1)
        try:
            async with asyncio.timeout(ticket.left_s):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._leave(turn.result())  # the slot came as its owner left
            else:
                self._forget(ticket.tenant, turn)
            if isinstance(error, TimeoutError):
                raise TooLateError from None
            raise
        finally:
            self._count_waiting(-1)

    def _refuse_the_hopeless(self, ticket: Ticket) -> None:
        if self._waiting >= (self._patient_queue_size if ticket.patient else self._queue_size):
            raise BusyError
        left_s = ticket.left_s
        if left_s is not None and left_s <= (0 if ticket.patient else self._expected_wait_s(ticket.tenant)):
            raise TooLateError

    def _expected_wait_s(self, tenant: str) -> float:
        """How long those take who come first: of each tenant as many as of this one."""
        own = len(self._queues.get(tenant, ()))
        ahead = sum(min(len(queue), own + 1) for queue in self._queues.values())
        return ahead * self._slots.mean_hold_s / self._slots.number

    def _leave(self, holder: object) -> None:
        """Give the slot back, and let in whoever is next in turn."""
        self._slots.give_back(holder)
        while self._queues and self._slots.free:
            tenant, queue = next(iter(self._queues.items()))
            del self._queues[tenant]
            turn = queue.popleft()
            if queue:
                self._queues[tenant] = queue
            if not turn.done():  # its owner may be about to leave
                turn.set_result(self._slots.take())
        if self._slots.idle:
            self._idle.set()

    def _forget(self, tenant: str, turn: asyncio.Future[object]) -> None:
        queue = self._queues.get(tenant)
        if queue is not None and turn in queue:
            queue.remove(turn)
            if not queue:
                del self._queues[tenant]

    def _count_waiting(self, change: int) -> None:
        self._waiting += change
        self._metrics.queue_depth.set(self._waiting)
