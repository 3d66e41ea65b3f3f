"""For operators: is the process alive, are its parts, what has it counted."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from service.api.drain import DrainDep
from service.api.routing import ServicesDep
from service.domain.errors import ServiceError
from service.services import Ping, Services

router = APIRouter(tags=["operations"])

PING_S = 5.0


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Part(BaseModel):
    """One part: what plays it, whether it answers, and if not, why."""

    name: str
    ready: bool
    error: str | None = None


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
async def ready(services: ServicesDep, drain: DrainDep, response: Response) -> Readiness:
    """Ping the default generator, the default critic, the sandbox and the store.

    Without the store the gateway is degraded and not unready: what needs no handle is served.
    """
    async with asyncio.TaskGroup() as group:
        pings = {
            part: group.create_task(_part(name, ping)) for part, (name, ping) in _pings(services).items()
        }
    parts = {part: ping.result() for part, ping in pings.items()}
    unready = {part for part, state in parts.items() if not state.ready}
    stopping = drain.begun.is_set()
    response.status_code = 503 if stopping or unready - {"store"} else 200
    status: Status = "stopping" if stopping else "degraded" if unready else "ready"
    return Readiness(status=status, parts=parts)


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", response_class=Response)
async def metrics(services: ServicesDep) -> Response:
    """Expose the counts to Prometheus."""
    content, media_type = services.telemetry.exposition()
    return Response(content, media_type=media_type)


def _pings(services: Services) -> dict[str, tuple[str, Ping]]:
    generator, critic = services.generator(None), services.critic(None)
    return {
        "generator": (generator.card.name, generator.ping),
        "critic": (critic.card.name, critic.ping),
        "sandbox": ("sandbox", services.ping_sandbox),
        "store": (services.store.name, services.store.ping),
    }


async def _part(name: str, ping: Ping) -> Part:
    try:
        async with asyncio.timeout(PING_S):
            await ping()
    except ServiceError as error:
        return Part(name=name, ready=False, error=str(error)[:300])
    except TimeoutError:
        return Part(name=name, ready=False, error=f"no answer within {PING_S:g} s")
    return Part(name=name, ready=True)
