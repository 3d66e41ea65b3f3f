"""A durable refinement by its id: its state, its events, its end."""

import asyncio
import contextlib
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from service.api.disconnect import unless_disconnected
from service.api.jobs.desk import Desk, DeskDep
from service.api.jobs.document import JobOut, cancellation, document
from service.api.jobs.following import Follower, event_stream
from service.api.jobs.wishes import preferred_wait_s, tenant_of
from service.api.problems import Problem
from service.api.refine_request import RefineRequest
from service.api.refinement import RefinementOut
from service.api.routing import ServicesDep
from service.domain.errors import OverloadedError, RequestError
from service.domain.limits import Limits
from service.store import Job, JobStatus

# ruff: noqa: FAST003 - the id is the dependency's
router = APIRouter(tags=["refine"])

NUMBER = 2**53
DIGITS = len(str(NUMBER))
"""Of a longer text Python makes no number at all."""


async def _known(
    request: Request, services: ServicesDep, job_id: Annotated[str, Path(alias="id", max_length=64)]
) -> Job:
    """Find the job. Somebody else's is as unknown as one that never was."""
    job = await services.store.job(job_id)
    if job is None or job.tenant != tenant_of(request):
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such refinement; old ones are forgotten")
    return job


KnownJob = Annotated[Job, Depends(_known)]

Responses = dict[int | str, dict[str, Any]]

ERRORS: Responses = {404: {"model": Problem}, 503: {"model": Problem}}
STATES: Responses = ERRORS | {200: {"model": RefinementOut | JobOut}}
EVENTS: Responses = ERRORS | {200: {"content": {"text/event-stream": {}}}}


@router.get("/refine/{id}", responses=STATES)
async def refinement(
    job: KnownJob,
    request: Request,
    desk: DeskDep,
    prefer: Annotated[str | None, Header(description="`wait=N`: N seconds at most for its end.")] = None,
) -> Response:
    """Tell where a refinement stands; a completed one is told whole."""
    wait_s = preferred_wait_s(prefer)
    if wait_s is None or job.status.is_final:
        return document(job)
    desk.check_room()
    await unless_disconnected(request.receive, _waited(desk, job, wait_s))
    applied = {"Preference-Applied": f"wait={wait_s}"}
    return document(await desk.services.store.job(job.id) or job, headers=applied)


@router.get("/refine/{id}/request", responses=ERRORS | {200: {"model": RefineRequest}})
async def request(job: KnownJob) -> Response:
    """Tell what was asked for, with the defaults of then spelt out."""
    return Response(job.request, media_type="application/json")


@router.get("/refine/{id}/events", response_class=Response, responses=EVENTS)
async def events(
    job: KnownJob,
    desk: DeskDep,
    starting_after: Annotated[int, Query(ge=0, lt=NUMBER)] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Send the events after a number: those that were, and those to come. The last one is the end."""
    return event_stream(Follower(desk, job.id, _after(starting_after, last_event_id)))


@router.delete("/refine/{id}", responses=STATES | {202: {"model": JobOut}})
async def cancel(job: KnownJob, desk: DeskDep) -> Response:
    """Cancel a refinement wherever it is worked at (202); one that has ended or never began is told (200)."""
    store = desk.services.store
    was = await store.cancel(job.id, cancellation(job.id))
    if was is not None and not was.is_final and job.background:
        await _give_back(desk.services.limits, job.tenant)
    desk.kick()
    ended = await store.job(job.id) or job
    return document(ended, HTTPStatus.ACCEPTED if was is JobStatus.IN_PROGRESS else HTTPStatus.OK)


async def _give_back(limits: Limits, tenant: str) -> None:
    """What was set aside when it began; whoever works at it bills what it has spent."""
    await limits.settle(tenant, -limits.set_aside(tenant))


async def _waited(desk: Desk, job: Job, wait_s: int) -> None:
    """Wait for the end, but no longer than was asked for, nor than this process serves."""
    with contextlib.suppress(TimeoutError, OverloadedError):
        async with asyncio.timeout(wait_s):
            await Follower(desk, job.id).end()


def _after(starting_after: int, last_event_id: str | None) -> int:
    """The header wins: a browser that reconnects sends it with the address it began with."""
    if last_event_id is None:
        return starting_after
    is_number = last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= DIGITS
    if not is_number or int(last_event_id) >= NUMBER:
        raise RequestError("Last-Event-ID", "must be the id of an event of this refinement")
    return int(last_event_id)
