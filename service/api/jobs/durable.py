"""A `POST /refine` that asks for more than an answer: a handle, a key's promise, or an end to waiting."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from service.api.disconnect import unless_disconnected
from service.api.jobs.desk import Desk
from service.api.jobs.document import CANCELLED, document, location, result
from service.api.jobs.following import Follower, event_stream
from service.api.jobs.pending import encoded
from service.api.jobs.wishes import Wishes
from service.api.refine_request import RefineRequest
from service.api.refining import Refining
from service.api.streaming import Frame
from service.caller import go_on
from service.domain.errors import OverloadedError, StoreError
from service.gate import stopping
from service.observing import attributes as names
from service.observing.propagation import traceparent
from service.observing.stopwatch import following
from service.store import Created, Entry, Job, JobStatus


@dataclass(frozen=True, slots=True)
class Durable:
    """One such request. In the foreground its refinement ends with the last client that waits for it."""

    desk: Desk
    body: RefineRequest
    wishes: Wishes

    async def create(self) -> Created:
        """Create the job, or join it. Work of the foreground begins at once, and holds a place meanwhile."""
        if self.desk.drain.begun.is_set():
            raise stopping()
        if self._follows:
            self.desk.check_room()
        job, entries = self._described()
        try:
            return await self._created(job, entries)
        except StoreError:
            # The store may have created it and not been heard. In the background a key finds it again.
            if not self.body.background or self.wishes.key is None:
                self.desk.withdraw(job)
            raise

    async def _created(self, job: Job, entries: list[Entry]) -> Created:
        services = self.desk.services
        claim = self.wishes.claim(encoded(self.body.model_dump(mode="json", by_alias=True)))
        if self.body.background:
            created = await services.store.create(job, entries, claim=claim)
            if not created.joined:
                go_on()
            self.desk.kick()
            return created
        with ExitStack() as place:
            place.enter_context(services.gate.admit())
            created = await services.store.create(job, entries, claim=claim, leased=True)
            if created.lease is not None:
                self.desk.start(created.lease, place.pop_all())
            return created

    async def answer(self, job_id: str, request: Request) -> Response:
        """Answer as was asked: with events, with a handle, or with the result."""
        follower = Follower(self.desk, job_id)
        if self.body.stream:
            return self._streamed(follower)
        if not self._follows:
            return await self._handle(job_id)
        return await unless_disconnected(request.receive, self._waited(follower))

    @property
    def _follows(self) -> bool:
        """Whether the client waits, and does not only take a handle."""
        return self.body.stream or not self.body.background or self.wishes.wait_s is not None

    def _streamed(self, follower: Follower) -> Response:
        try:
            return event_stream(follower, lambda: self._left(follower))
        except OverloadedError:
            self._left(follower)
            raise

    async def _waited(self, follower: Follower) -> Response:
        try:
            async with asyncio.timeout(self.wishes.wait_s):
                with following():
                    end = await follower.end()
            return await self._told(end, follower.job_id)
        except TimeoutError:
            return await self._handle(follower.job_id)
        except OverloadedError:
            if self.wishes.wait_s is None or not follower.interrupted:
                raise
            return await self._handle(follower.job_id)
        finally:
            self._left(follower)

    async def _told(self, end: Frame, job_id: str) -> Response:
        """Tell the end. A cancelled refinement has no result: it is told as its handle tells it."""
        if end.event == CANCELLED and (job := await self.desk.services.store.job(job_id)) is not None:
            return document(job, headers=location(job_id))
        return result(end, location(job_id))

    async def _handle(self, job_id: str) -> Response:
        """Hand out what the result can be fetched with, and see to it that there will be one."""
        store = self.desk.services.store
        if not self.body.background:
            await self.desk.keep(job_id)
            go_on()
        job = await store.job(job_id)
        if job is None:
            raise StoreError("the store has lost this refinement; send it again")
        headers = location(job_id)
        if self.wishes.wait_s is not None:
            headers["Preference-Applied"] = f"wait={self.wishes.wait_s}"
        return document(job, HTTPStatus.OK if job.status.is_final else HTTPStatus.ACCEPTED, headers)

    def _left(self, follower: Follower) -> None:
        """Tell that a client is gone; one that was sent elsewhere may come back, with its key or its id."""
        if not self.body.background and not follower.interrupted:
            self.desk.client_left(follower.job_id)

    def _described(self) -> tuple[Job, list[Entry]]:
        """Describe the job with all defaults spelt out: a gateway that takes it over may have others."""
        refining = Refining.of(self.body, self.desk.services)
        named = {
            "generator": refining.generator.card.name,
            "critic": refining.critic.card.name,
            "rounds": refining.rounds,
        }
        spans = self.desk.services.spans
        with spans.span(names.ACCEPTED, {names.REFINEMENT_ID: refining.id}):
            trace = traceparent()
        job = Job(
            id=refining.id,
            trace=trace,
            request=encoded(self.body.model_copy(update=named).model_dump(mode="json", by_alias=True)),
            created=refining.created,
            tenant=self.wishes.tenant,
            background=self.body.background,
        )
        first = refining.created_frame(JobStatus.QUEUED if self.body.background else JobStatus.IN_PROGRESS)
        return job, [Entry(1, first.event, encoded(first.data))]
