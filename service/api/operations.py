"""For operators: is the process alive, are its parts, what has it counted."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from service.api.drain import DrainDep
from service.api.pulse import Part, PulseDep
from service.api.routing import ServicesDep

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


Status = Literal["ready", "degraded", "stopping"]


class Readiness(BaseModel):
    """Whether every part that a default request needs can be reached."""

    status: Status
    parts: dict[str, Part]


@router.head("/health", include_in_schema=False)
@router.get("/health")
async def health() -> Health:
    """Say that the process lives; asks nobody."""
    return Health()


@router.head("/ready", include_in_schema=False)
@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(pulse: PulseDep, drain: DrainDep, response: Response) -> Readiness:
    """Ping the default generator, the default critic, the sandbox and the store, once a second at most.

    Without the store the gateway is degraded and not unready: what needs no handle is served.
    """
    parts = await pulse.parts()
    unready = {part for part, state in parts.items() if not state.ready}
    stopping = drain.begun.is_set()
    response.status_code = 503 if stopping or unready - {"store"} else 200
    status: Status = "stopping" if stopping else "degraded" if unready else "ready"
    return Readiness(status=status, parts=dict(parts))


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", response_class=Response)
async def metrics(services: ServicesDep) -> Response:
    """Expose the counts to Prometheus."""
    content, media_type = services.telemetry.exposition()
    return Response(content, media_type=media_type)
