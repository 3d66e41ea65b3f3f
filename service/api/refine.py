"""`POST /refine`: rounds of critique and revision, told at the end or as they happen."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.api.disconnect import unless_disconnected
from service.api.refine_request import RefineRequest
from service.api.refinement import RefinementOut
from service.api.refining import Refining
from service.api.routing import ServicesDep, StrictRoute
from service.api.streaming import EventStream

router = APIRouter(route_class=StrictRoute, tags=["refine"])

EVENTS = {
    "description": "With `stream: true`, server-sent events; the last is `refinement.completed`, "
    "which carries the whole refinement, or `refinement.failed`, which carries a problem.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@router.post("/refine", response_model=RefinementOut, responses={200: EVENTS})
async def refine(
    body: Annotated[RefineRequest, Body()], request: Request, services: ServicesDep
) -> Response | RefinementOut:
    """Refine a program for a problem. A client that leaves cancels the work."""
    if body.background:
        raise HTTPException(501, 'background: true is not served yet; leave it out, or set "stream": true')
    refining = Refining.of(body, services)
    if body.stream:
        return EventStream(
            refining.frames(), heartbeat_s=services.bounds.heartbeat_s, limit_s=refining.limit_s
        )
    return await unless_disconnected(request.receive, refining.result())
