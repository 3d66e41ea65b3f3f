"""`POST /refine`: rounds of critique and revision, told at the end or as they happen."""

from functools import partial
from typing import Annotated

import structlog
from fastapi import APIRouter, Body, Request
from starlette.responses import Response
from starlette.routing import Route

from service.api.drain import DrainDep, drain_of, while_wanted
from service.api.jobs.desk import DeskDep, desk_of
from service.api.jobs.document import JobOut
from service.api.jobs.durable import Durable
from service.api.jobs.handover import handed_over
from service.api.jobs.wishes import WishesDep, wishes_of
from service.api.refine_request import RefineRequest
from service.api.refinement import RefinementOut
from service.api.refining import Refining
from service.api.routing import ServicesDep, StrictRequest, StrictRoute, services_of, validated
from service.api.streaming import EventStream, Interruption
from service.domain.errors import StoreError

log = structlog.get_logger(__name__)

_PATH = "/refine"

router = APIRouter(route_class=StrictRoute, tags=["refine"])

EVENTS = {
    "description": "With `stream: true`, server-sent events; the last is `refinement.completed`, "
    "which carries the whole refinement, or `refinement.failed`, which carries a problem.",
    "content": {"text/event-stream": {}},
}


ACCEPTED = {
    "model": JobOut,
    "description": "A handle: the refinement goes on without its client, and is at `Location`.",
}


@router.post(_PATH, response_model=RefinementOut, responses={200: EVENTS, 202: ACCEPTED})
async def refine(  # noqa: PLR0913, PLR0917 - what FastAPI is to pass
    body: Annotated[RefineRequest, Body()],
    request: Request,
    services: ServicesDep,
    desk: DeskDep,
    drain: DrainDep,
    wishes: WishesDep,
) -> Response | RefinementOut:
    """Refine a program for a problem. A client that leaves cancels work that is not in the background."""
    if body.background or wishes.key is not None or wishes.wait_s is not None:
        durable = Durable(desk, body, wishes)
        try:
            created = await durable.create()
        except StoreError as error:
            if body.background:
                raise
            # Better once too often than not at all: without the store there is no key to look up.
            log.warning("refined_without_store", error=str(error))
        else:
            return await durable.answer(created.id, request)
    refining = Refining.of(body, services, heard=body.stream)
    if body.stream:
        return EventStream(
            refining.frames(),
            heartbeat_s=services.bounds.heartbeat_s,
            limit_s=refining.limit_s,
            interruption=Interruption(drain.over, partial(handed_over, refining)),
        )
    return await while_wanted(request, refining.result())


async def _served(request: Request) -> Response:
    sent = await StrictRequest(request.scope, request.receive).sent()
    wishes = wishes_of(request)
    body = validated(RefineRequest, sent)
    services, desk, drain = await services_of(request), await desk_of(request), await drain_of(request)
    answer = await refine(body, request, services, desk, drain, wishes)
    if isinstance(answer, Response):
        return answer
    return Response(answer.model_dump_json(), media_type="application/json")


shortcut = Route(_PATH, _served, methods=["POST"])
"""The same without what FastAPI does around a route: the one above documents, this one is asked first."""
