"""A job's log as frames, from any event on, for as long as the job goes on, wherever that is."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus

from service.api.jobs.desk import Desk
from service.api.jobs.document import location
from service.api.problems import Problem
from service.api.refining import failure_of
from service.api.streaming import EventStream, Frame
from service.domain.errors import StoreError
from service.gate import stopping
from service.store import Log

AGAIN_S = 0.5
"""Pause before a store that does not answer, or does not know, is asked again."""
ATTEMPTS = 60
"""How often a job may be unknown: its owner tells a store that was wiped of it again."""
PATIENCE_S = 5.0
"""Longest wait for news before the store is asked all the same."""

THE_END = 2**53
"""Later than any event: whoever has everything is still told the end."""
INTERRUPTED = "refinement.interrupted"
ENDINGS = frozenset({"refinement.completed", "refinement.failed", "refinement.cancelled", INTERRUPTED})


@dataclass(slots=True)
class Follower:
    """One client that follows a job; `after` is the number of the last event it has."""

    desk: Desk
    job_id: str
    after: int = 0
    interrupted: bool = False
    """Whether the refinement goes on without this process; the client may come back to it."""
    reads: bool = True
    """Whether it wants the events, and not only the end."""
    _unknown: int = 0
    _leaves_at: float = 0.0

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Yield the events after the number; the last one ends the refinement, or says where it goes on."""
        self._leaves_at = _now() + self.desk.services.bounds.follow_s
        with self.desk.following(self.job_id, reads=self.reads) as changed:
            while True:
                changed.clear()
                frames, pause_s = await self._read()
                for frame in frames:
                    self.after = self.after if frame.sequence is None else frame.sequence
                    self.interrupted = frame.event == INTERRUPTED
                    yield frame
                    if frame.event in ENDINGS:
                        return
                if not frames:
                    await _until(changed, pause_s)

    async def end(self) -> Frame:
        """Wait for the end, and return the event that is it, without reading what leads to it."""
        self.after, self.reads = THE_END, False
        async with aclosing(self.frames()) as frames:
            async for frame in frames:
                if frame.event in ENDINGS - {INTERRUPTED}:
                    return frame
        raise stopping()

    async def _read(self) -> tuple[list[Frame], float]:
        """Read what is new, and say how long to wait if nothing is."""
        try:
            log = await self.desk.services.store.log(self.job_id, self.after, counted=self.reads)
            frames = [] if log is None else await self._told(log)
        except StoreError:
            return self._without_the_store(), AGAIN_S
        if log is None:
            return self._lost(), AGAIN_S
        self._unknown = 0
        if not frames and self._is_refused():
            return self._without_the_store(), AGAIN_S
        return frames or self._interrupted(), PATIENCE_S

    async def _told(self, log: Log) -> list[Frame]:
        frames = [self._trimmed(log)] if self.after < log.trimmed else []
        frames += [Frame(entry.event, json.loads(entry.data), entry.sequence) for entry in log.entries]
        if log.status.is_final and not log.entries:
            # The client has all of the log, or the log was let go: the last word is said all the same.
            job = await self.desk.services.store.job(self.job_id)
            if job is not None and job.ending is not None:
                frames.append(Frame(job.ending.event, json.loads(job.ending.data), job.ending.sequence))
        return frames

    def _trimmed(self, log: Log) -> Frame:
        problem = Problem(
            type="/problems/events-trimmed",
            title="Earlier events are gone",
            status=HTTPStatus.GONE,
            detail=f"events up to {log.trimmed} are no longer kept; GET /refine/{self.job_id} has the rounds",
        )
        data = {"id": self.job_id, "problem": problem.model_dump(mode="json", exclude_none=True)}
        return Frame("events.trimmed", data, log.trimmed)

    def _is_refused(self) -> bool:
        """Whether the store answers, and does not take what this process has to say of the job."""
        run = self.desk.runs.get(self.job_id)
        return run is not None and run.is_refused

    def _without_the_store(self) -> list[Frame]:
        """A refinement that has ended in this process can be told of without the store."""
        run = self.desk.runs.get(self.job_id)
        if run is None or run.ending is None:
            return self._interrupted()
        return [Frame(run.ending.event, json.loads(run.ending.data), self.after + 1)]

    def _lost(self) -> list[Frame]:
        self._unknown += 1
        if self.job_id in self.desk.runs or self._unknown < ATTEMPTS:
            return self._interrupted()
        return [failure_of(self.job_id, StoreError("the store has lost this refinement; send it again"))]

    def _interrupted(self) -> list[Frame]:
        """While the process stops, follow only what is still at work in it; and nobody follows for ever."""
        drain = self.desk.drain
        is_left = drain.begun.is_set() and (drain.over.is_set() or self.job_id not in self.desk.runs)
        if is_left or _now() >= self._leaves_at:
            resumable = self.desk.services.store.shared or not drain.begun.is_set()
            return [interruption(self.job_id, self.after, resumable=resumable)]
        return []


def interruption(job_id: str, last: int, *, resumable: bool) -> Frame:
    """Tell a client that this process stops, and where the refinement goes on."""
    data: dict[str, object] = {"id": job_id, "last_event_id": last, "resumable": resumable}
    if resumable:
        data["events"] = f"/refine/{job_id}/events?starting_after={last}"
    return Frame(INTERRUPTED, data, last)


def event_stream(follower: Follower, ended: Callable[[], None] = lambda: None) -> EventStream:
    """Send a job's events; `ended` is called when the client or the events are gone."""
    follower.desk.check_room()  # while there is still a status to send
    bounds = follower.desk.services.bounds
    return EventStream(
        follower.frames(),
        heartbeat_s=bounds.heartbeat_s,
        limit_s=bounds.follow_s + bounds.grace_s,
        after=follower.after,
        ended=ended,
        headers=location(follower.job_id),
    )


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _until(changed: asyncio.Event, limit_s: float) -> None:
    try:
        async with asyncio.timeout(limit_s):
            await changed.wait()
    except TimeoutError:
        pass
