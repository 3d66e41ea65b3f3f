"""A stream of the foreground whose process stops: its refinement becomes a job, which others finish."""

import structlog

from service.api.jobs.checkpoint import checkpoint, round_name
from service.api.jobs.following import interruption
from service.api.jobs.pending import encoded
from service.api.refining import Refining
from service.api.streaming import Frame
from service.caller import caller, go_on
from service.domain.errors import ServiceError
from service.observing.propagation import traceparent
from service.store import Job

log = structlog.get_logger(__name__)


async def handed_over(refining: Refining, last: int) -> Frame:
    """Leave the refinement to another gateway, after the event numbered `last`, and say where it goes on."""
    store = refining.services.store
    if not store.shared:
        return interruption(refining.id, last, resumable=False)
    job = Job(
        id=refining.id,
        request=encoded(refining.request.model_dump(mode="json", by_alias=True)),
        created=refining.created,
        tenant=caller().tenant,
        trace=traceparent(),
        rounds={round_name(a_round): checkpoint(a_round) for a_round in refining.finished},
        last=last,
    )
    try:
        await store.create(job)
        go_on()
    except ServiceError as error:
        log.warning("refinement_not_handed_over", refinement=refining.id, error=str(error))
        return interruption(refining.id, last, resumable=False)
    return interruption(refining.id, last, resumable=True)
