"""Errors as RFC 9457 problem documents: one table, one place.

InvalidRequestError    422  /problems/invalid-request   errors: [{field, message}]
HTTPException 413      413  /problems/body-too-large
HTTPException          its status, its headers
no or a wrong key      401  /problems/unauthorized      WWW-Authenticate
another name           421  /problems/misdirected-request
BusyError              503  /problems/sandbox-busy      Retry-After
DrainingError          503  /problems/sandbox-stopping  Retry-After
TooLateError           504  /problems/too-late          Retry-After
anything else          500  /problems/unexpected        no detail, ever
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from sandbox_runner.admission.queue import BusyError, DrainingError, RefusedError, TooLateError
from sandbox_runner.api.refusals import PROBLEM, ProblemBody
from sandbox_runner.logs import frames

log = structlog.get_logger()

_MESSAGE_LIMIT = 300
_ERRORS_LIMIT = 20


@dataclass(frozen=True, slots=True)
class FieldError:
    field: str
    message: str


class InvalidRequestError(Exception):
    """A request that is well-formed and asks for what cannot be done."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors

    @classmethod
    def of(cls, error: ValidationError) -> "InvalidRequestError":
        """What pydantic found, without what was sent."""
        found = error.errors(include_url=False, include_context=False, include_input=False)[:_ERRORS_LIMIT]
        return cls(*(FieldError(".".join(map(str, e["loc"])) or "body", _short(e["msg"])) for e in found))


@dataclass(frozen=True, slots=True)
class Problem:
    name: str
    title: str
    status: HTTPStatus
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One problem that a request met."""

    problem: Problem
    detail: str = ""
    errors: Sequence[FieldError] = ()

    def body(self, instance: str) -> ProblemBody:
        body: ProblemBody = {
            "type": f"/problems/{self.problem.name}",
            "title": self.problem.title,
            "status": int(self.problem.status),
            "detail": _short(self.detail),
            "instance": instance,
        }
        if self.errors:
            body["errors"] = [{"field": each.field, "message": each.message} for each in self.errors]
        return body


def _refusal(name: str, title: str, status: HTTPStatus, error: type[RefusedError]) -> Problem:
    return Problem(name, title, status, {"Retry-After": str(error.retry_after_s)})


INVALID = Problem("invalid-request", "The request is not valid", HTTPStatus.UNPROCESSABLE_ENTITY)
TOO_LARGE = Problem("body-too-large", "The request body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
UNAUTHORIZED = Problem(
    "unauthorized", "A key is needed", HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"}
)
MISDIRECTED = Problem("misdirected-request", "This sandbox has another name", HTTPStatus.MISDIRECTED_REQUEST)
UNEXPECTED = Problem("unexpected", "Something broke", HTTPStatus.INTERNAL_SERVER_ERROR)
_UNAVAILABLE, _TIMEOUT = HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT
_REFUSALS: dict[type[RefusedError], Occurrence] = {
    BusyError: Occurrence(
        _refusal("sandbox-busy", "The sandbox is busy", _UNAVAILABLE, BusyError),
        "The queue is full; try again later.",
    ),
    DrainingError: Occurrence(
        _refusal("sandbox-stopping", "The sandbox is stopping", _UNAVAILABLE, DrainingError),
        "What runs is finished, nothing new is begun.",
    ),
    TooLateError: Occurrence(
        _refusal("too-late", "The deadline cannot be met", _TIMEOUT, TooLateError),
        "No slot comes free before the deadline.",
    ),
}


def occurrence_of(error: Exception) -> Occurrence:
    match error:
        case InvalidRequestError():
            return Occurrence(INVALID, str(error), error.errors)
        case RefusedError():
            return _REFUSALS[type(error)]
        case HTTPException(status_code=TOO_LARGE.status):
            return Occurrence(TOO_LARGE, str(error.detail))
        case HTTPException():
            status = HTTPStatus(error.status_code)
            name = status.phrase.lower().replace(" ", "-")
            return Occurrence(
                Problem(name, status.phrase, status, dict(error.headers or {})), str(error.detail)
            )
        case _:
            log.error("request_failed", error=type(error).__name__, frames=frames(error))
            return Occurrence(UNEXPECTED)


def response_to(occurrence: Occurrence, instance: str) -> JSONResponse:
    problem = occurrence.problem
    body = occurrence.body(instance)
    return JSONResponse(body, problem.status, problem.headers, media_type=PROBLEM)


def problem_response(problem: Problem, instance: str, detail: str) -> JSONResponse:
    return response_to(Occurrence(problem, detail), instance)


def install(app: FastAPI) -> None:
    for kind in (InvalidRequestError, RefusedError, HTTPException, Exception):
        app.add_exception_handler(kind, _on_error)


async def _on_error(request: Request, error: Exception) -> JSONResponse:
    return response_to(occurrence_of(error), request.url.path)


def _short(message: str) -> str:
    return message[:_MESSAGE_LIMIT]
