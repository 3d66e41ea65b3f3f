"""Errors as RFC 9457 problem documents: one table, one place.

RequestValidationError,
InvalidRequestError    422  /problems/invalid-request   errors: [{field, message}]
HTTPException 413      413  /problems/body-too-large
HTTPException          its status, its headers
BusyError              503  /problems/sandbox-busy      Retry-After
anything else          500  /problems/unexpected        no detail, ever
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sandbox_runner.admission import BusyError

log = structlog.get_logger()

_MESSAGE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class FieldError:
    field: str
    message: str


class InvalidRequestError(Exception):
    """A request that is well-formed and asks for what cannot be done."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Problem:
    name: str
    title: str
    status: HTTPStatus
    headers: dict[str, str] = field(default_factory=dict)

    def response(self, request: Request, detail: str, errors: Sequence[FieldError] = ()) -> JSONResponse:
        return problem_response(self, request.url.path, detail, errors)


INVALID = Problem("invalid-request", "The request is not valid", HTTPStatus.UNPROCESSABLE_ENTITY)
TOO_LARGE = Problem("body-too-large", "The request body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
BUSY = Problem(
    "sandbox-busy",
    "The sandbox is busy",
    HTTPStatus.SERVICE_UNAVAILABLE,
    {"Retry-After": str(BusyError.retry_after_s)},
)
UNEXPECTED = Problem("unexpected", "Something broke", HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_response(
    problem: Problem, instance: str, detail: str, errors: Sequence[FieldError] = ()
) -> JSONResponse:
    body: dict[str, object] = {
        "type": f"/problems/{problem.name}",
        "title": problem.title,
        "status": int(problem.status),
        "detail": detail,
        "instance": instance,
    }
    if errors:
        body["errors"] = [{"field": error.field, "message": error.message} for error in errors]
    return JSONResponse(body, problem.status, problem.headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(InvalidRequestError, _on_invalid)
    app.add_exception_handler(BusyError, _on_busy)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_anything)


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [
        FieldError(".".join(str(part) for part in e["loc"][1:]) or "body", str(e["msg"])[:_MESSAGE_LIMIT])
        for e in found[:20]
    ]
    return INVALID.response(request, f"{len(found)} errors", errors)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    errors = error.errors if isinstance(error, InvalidRequestError) else ()
    return INVALID.response(request, str(error)[:_MESSAGE_LIMIT], errors)


async def _on_busy(request: Request, error: Exception) -> JSONResponse:
    return BUSY.response(request, "The queue is full; try again later.")


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status is TOO_LARGE.status:
        return TOO_LARGE.response(request, str(getattr(error, "detail", "")))
    name = status.phrase.lower().replace(" ", "-")
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    return Problem(name, status.phrase, status, headers).response(request, detail[:_MESSAGE_LIMIT])


async def _on_anything(request: Request, error: Exception) -> JSONResponse:
    log.error("request_failed", path=request.url.path, error=type(error).__name__)
    return UNEXPECTED.response(request, "")
