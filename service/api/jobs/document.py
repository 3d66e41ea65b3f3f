"""Wire form of a durable refinement: what is known of it, until it is completed and told like any other."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, Self

from pydantic import JsonValue
from starlette.responses import JSONResponse, Response

from service.api.jobs.checkpoint import restored
from service.api.jobs.pending import encoded
from service.api.problems import MEDIA_TYPE, Problem
from service.api.refinement import Out, RoundOut
from service.api.streaming import Frame
from service.domain.refinement import StopReason
from service.store import Ending, Job, JobStatus

CANCELLED = "refinement.cancelled"
"""The last event of a refinement that was not wanted any more."""


class JobOut(Out):
    """A refinement that is not completed: not yet, or not any more. `rounds` are the finished ones."""

    id: str
    object: Literal["refinement"] = "refinement"
    status: JobStatus
    stop_reason: StopReason | None = None
    rounds: list[RoundOut]
    problem: Problem | None = None
    metadata: Mapping[str, str]
    created: int

    @classmethod
    def of(cls, job: Job) -> Self:
        ended = {} if job.ending is None else json.loads(job.ending.data)
        return cls(
            id=job.id,
            status=job.status,
            stop_reason=StopReason.CANCELLED if job.status is JobStatus.CANCELLED else None,
            rounds=[RoundOut.of(a_round) for a_round in restored(job.rounds)],
            problem=ended.get("problem"),
            metadata=json.loads(job.request)["metadata"],
            created=job.created,
        )

    def told(self) -> dict[str, JsonValue]:
        """Leave out what there is not, but for the fields of a round: they are the same in every answer."""
        told = self.model_dump(mode="json", exclude={"problem"})
        if self.problem is not None:
            told["problem"] = self.problem.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in told.items() if value is not None}


def location(job_id: str) -> dict[str, str]:
    """Say where a refinement is to be found."""
    return {"Location": f"/refine/{job_id}"}


def document(
    job: Job, status_code: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """Tell all that is known of a job."""
    if job.status is JobStatus.COMPLETED and job.ending is not None:
        return Response(
            job.ending.data, status_code, headers=dict(headers or {}), media_type="application/json"
        )
    return JSONResponse(JobOut.of(job).told(), status_code, headers=dict(headers or {}))


def result(end: Frame, headers: Mapping[str, str]) -> Response:
    """Answer as if the refinement had been waited for: what failed is a problem with its own status."""
    if end.event != "refinement.failed":
        return JSONResponse(end.data, headers=dict(headers))
    problem = Problem.model_validate(end.data["problem"])
    body = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, problem.status, headers=dict(headers), media_type=MEDIA_TYPE)


def cancellation(job_id: str) -> Ending:
    """The end of a refinement that is not wanted any more."""
    data = {"id": job_id, "status": "cancelled", "stop_reason": "cancelled"}
    return Ending(JobStatus.CANCELLED, CANCELLED, encoded(data))
