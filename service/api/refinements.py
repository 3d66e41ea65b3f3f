"""A durable refinement by its id: its state, its events, its end."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from service.api.jobs.desk import DeskDep
from service.api.jobs.document import JobOut, cancellation, document
from service.api.jobs.following import event_stream
from service.api.jobs.wishes import tenant_of
from service.api.refinement import RefinementOut
from service.api.routing import ServicesDep
from service.domain.errors import RequestError
from service.store import Job, JobStatus

# ruff: noqa: FAST003 - the id is the dependency's
router = APIRouter(tags=["refine"])

NUMBER = 2**53


async def _known(
    request: Request, services: ServicesDep, job_id: Annotated[str, Path(alias="id", max_length=64)]
) -> Job:
    """Find the job. Somebody else's is as unknown as one that never was."""
    job = await services.store.job(job_id)
    if job is None or job.tenant != tenant_of(request):
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such refinement; old ones are forgotten")
    return job


KnownJob = Annotated[Job, Depends(_known)]

STATES: dict[int | str, dict[str, Any]] = {200: {"model": RefinementOut | JobOut}}


@router.get("/refine/{id}", responses=STATES)
async def refinement(job: KnownJob) -> Response:
    """Tell where a refinement stands; a completed one is told whole."""
    return document(job)


@router.get("/refine/{id}/events", responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    job: KnownJob,
    desk: DeskDep,
    starting_after: Annotated[int, Query(ge=0, lt=NUMBER)] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Send the events after a number: those that were, and those to come. The last one is the end."""
    return event_stream(desk, job.id, _after(starting_after, last_event_id), lambda: None)


@router.delete("/refine/{id}", responses=STATES | {202: {"model": JobOut}})
async def cancel(job: KnownJob, desk: DeskDep) -> Response:
    """Cancel a refinement wherever it is worked at (202); one that has ended or never began is told (200)."""
    store = desk.services.store
    was = await store.cancel(job.id, cancellation(job.id))
    desk.kick()
    ended = await store.job(job.id) or job
    return document(ended, HTTPStatus.ACCEPTED if was is JobStatus.IN_PROGRESS else HTTPStatus.OK)


def _after(starting_after: int, last_event_id: str | None) -> int:
    """The header wins: a browser that reconnects sends it with the address it began with."""
    if last_event_id is None:
        return starting_after
    if not (last_event_id.isascii() and last_event_id.isdigit()) or int(last_event_id) >= NUMBER:
        raise RequestError("Last-Event-ID", "must be the id of an event of this refinement")
    return int(last_event_id)
