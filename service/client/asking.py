"""Each question to the gateway: its route, its body, and how its answer is read. Both clients send these."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from service.api.critique import CritiqueResponse
from service.api.judge_response import JudgeResponse
from service.api.models import ModelList
from service.api.refinement import RefinementOut
from service.client.answers import Job, read
from service.client.errors import AnswerError
from service.client.sse import Json

T = TypeVar("T")

Fields = Mapping[str, Any] | BaseModel | None
"""A request's body, as a dictionary or as the gateway's own model of it."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """One request."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    read: Callable[[Json], T]
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    """Whether it may be sent again when the connection broke and nobody knows what came of it."""


def body_of(fields: Fields, named: Mapping[str, Any]) -> Json:
    """Put a body together; fields given by name win."""
    if isinstance(fields, BaseModel):
        fields = fields.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {**(fields or {}), **named}


def refine(body: Json, key: str | None) -> Ask[RefinementOut]:
    """Ask for the answer whole. Under a key the same request finds what it has begun."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return Ask("POST", "/refine", _whole, body, headers, repeatable=key is not None)


def judge(body: Json) -> Ask[JudgeResponse]:
    return Ask("POST", "/judge", partial(read, kind=JudgeResponse), body)


def critique(body: Json) -> Ask[CritiqueResponse]:
    return Ask("POST", "/critique", partial(read, kind=CritiqueResponse), body)


def models() -> Ask[ModelList]:
    return Ask("GET", "/v1/models", partial(read, kind=ModelList), repeatable=True)


def health() -> Ask[Json]:
    return Ask("GET", "/health", dict, repeatable=True)


def start(body: Json, key: str | None) -> Ask[Job]:
    """Start a job. With a key of its own, a repeated request finds the job and starts no second one."""
    headers = {"Idempotency-Key": key or secrets.token_hex(16)}
    whole = {name: value for name, value in body.items() if name != "stream"}
    return Ask("POST", "/refine", Job.of, whole | {"background": True}, headers, repeatable=True)


def job(job_id: str) -> Ask[Job]:
    return Ask("GET", f"/refine/{checked_id(job_id)}", Job.of, repeatable=True)


def cancel(job_id: str) -> Ask[Job]:
    return Ask("DELETE", f"/refine/{checked_id(job_id)}", Job.of, repeatable=True)


def _whole(document: Json) -> RefinementOut:
    """Read a refinement that was waited for; under a key somebody else may have cancelled it meanwhile."""
    job = Job.of(document)
    if (refinement := job.result()) is None:
        raise AnswerError(f"refinement {job.id} goes on in the background: begin such a one by `start`")
    return refinement


def checked_id(job_id: str) -> str:
    """Keep an id from being a path of its own."""
    if not job_id.isascii() or not job_id.replace("_", "").replace("-", "").isalnum():
        raise ValueError(f"{job_id!r} is no id of a refinement, such as rf_0123")
    return job_id
