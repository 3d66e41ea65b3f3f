"""Errors at the edge: one table from error to RFC 9457 problem, by the error's nearest listed ancestor."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from service.api.openai.errors import PATHS, ErrorBody, error_body, status_of
from service.domain import errors

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
_METHODS = ("GET", "HEAD", "POST", "DELETE")
DETAIL_CHARS = 1000
CHALLENGE = 'Bearer realm="ctrl"'
"""Basic is understood and not offered: a browser would keep it, and send it for any page that asks."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of problem; `title` is the same for all of its occurrences."""

    slug: str
    title: str
    status: HTTPStatus
    retry_after_s: float | None = None
    openai_code: str | None = None
    """OpenAI's word for it, where it has one of its own."""


class FieldError(BaseModel):
    """A field, in dotted form, and what to change about it."""

    field: str
    message: str


class Problem(BaseModel):
    """An RFC 9457 document."""

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    request_id: str | None = None
    errors: list[FieldError] | None = None


INVALID = Row("invalid-request", "The request is invalid", HTTPStatus.UNPROCESSABLE_ENTITY)
UNEXPECTED = Row("unexpected", "Something unexpected happened", HTTPStatus.INTERNAL_SERVER_ERROR)

HTTP = {
    row.status: row
    for row in (
        Row("bad-request", "The request cannot be read", HTTPStatus.BAD_REQUEST),
        Row("stranger", "This page may not call", HTTPStatus.FORBIDDEN),
        Row("not-found", "There is nothing here", HTTPStatus.NOT_FOUND),
        Row("method-not-allowed", "Not with this method", HTTPStatus.METHOD_NOT_ALLOWED),
        Row("body-too-slow", "The request body did not arrive", HTTPStatus.REQUEST_TIMEOUT),
        Row("body-too-large", "The request body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        Row("misdirected-request", "This gateway has another name", HTTPStatus.MISDIRECTED_REQUEST),
        Row("overloaded", "The service is full", HTTPStatus.SERVICE_UNAVAILABLE),
        Row("unsupported-media-type", "The body is of another kind", HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    )
}
"""What HTTP itself refuses. Spelt out: the standard library's phrases change between versions."""

TABLE: Mapping[type[errors.ServiceError], Row] = {
    errors.RequestError: INVALID,
    errors.UnknownModelError: replace(INVALID, openai_code="model_not_found"),
    errors.ContextError: replace(INVALID, openai_code="context_length_exceeded"),
    errors.ModelError: Row("model-failed", "A model failed", HTTPStatus.BAD_GATEWAY),
    errors.GeneratorError: Row("generator-failed", "The generator failed", HTTPStatus.BAD_GATEWAY),
    errors.CriticError: Row("critic-failed", "The critic failed", HTTPStatus.BAD_GATEWAY),
    errors.SandboxError: Row("sandbox-failed", "The sandbox failed", HTTPStatus.BAD_GATEWAY),
    errors.SandboxBusyError: Row(
        "sandbox-busy", "The sandbox is busy", HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER_S
    ),
    errors.CallerError: Row("forbidden", "This key may not do that", HTTPStatus.FORBIDDEN),
    errors.UnknownKeyError: Row(
        "unauthorized", "A key is needed", HTTPStatus.UNAUTHORIZED, openai_code="invalid_api_key"
    ),
    errors.QuotaError: Row(
        "quota-exceeded",
        "The quota is used up for now",
        HTTPStatus.TOO_MANY_REQUESTS,
        RETRY_AFTER_S,
        openai_code="rate_limit_exceeded",
    ),
    errors.StoreError: Row(
        "store-failed", "Durable refinements are not available", HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER_S
    ),
    errors.OverloadedError: Row(
        "overloaded", "The service is full", HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER_S
    ),
    errors.AbandonedError: Row("abandoned", "The refinement was given up", HTTPStatus.INTERNAL_SERVER_ERROR),
    errors.DeadlineError: Row("deadline-exceeded", "Time ran out", HTTPStatus.GATEWAY_TIMEOUT),
}


def row_of(error: BaseException) -> Row:
    """Find the row of an error's nearest listed ancestor; a stranger is unexpected."""
    row = next((TABLE[kind] for kind in type(error).__mro__ if kind in TABLE), UNEXPECTED)
    if isinstance(error, errors.ModelError) and error.retry_after_s is not None:
        return replace(row, status=HTTPStatus.SERVICE_UNAVAILABLE, retry_after_s=error.retry_after_s)
    return row


def problem_of(
    error: BaseException, *, instance: str | None = None, request_id: str | None = None
) -> Problem:
    """Describe an error to a client. What nobody foresaw is described to nobody."""
    row = row_of(error)
    return Problem(
        type=f"/problems/{row.slug}",
        title=row.title,
        status=row.status,
        detail=None if row is UNEXPECTED else str(error)[:DETAIL_CHARS],
        instance=instance,
        request_id=request_id,
        errors=[FieldError(field=error.field, message=str(error)[:DETAIL_CHARS])]
        if isinstance(error, errors.RequestError)
        else None,
    )


def install(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(errors.ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def respond(
    request: Request, row: Row, detail: str | None, fields: Sequence[FieldError] = ()
) -> JSONResponse:
    """Build the response of a problem that is no `ServiceError`."""
    problem = Problem(
        type=f"/problems/{row.slug}",
        title=row.title,
        status=row.status,
        detail=detail,
        instance=request.url.path,
        request_id=request_id(request),
        errors=list(fields) or None,
    )
    return _response(problem, row)


def request_id(request: Request) -> str | None:
    """Return the id this service gave the request."""
    value: object = request.scope.get("request_id")
    return value if isinstance(value, str) else None


def _response(problem: Problem, row: Row) -> JSONResponse:
    headers = {} if row.retry_after_s is None else retry_headers(row.retry_after_s)
    if (problem.instance or "").startswith(PATHS):
        return _openai_response(problem, row, headers)
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, problem.status, headers=headers, media_type=MEDIA_TYPE)


def retry_headers(seconds: float) -> dict[str, str]:
    """Say when to come back: whole seconds as HTTP has it, and as exactly as OpenAI's clients read it."""
    return {"Retry-After": str(math.ceil(seconds)), "retry-after-ms": str(math.ceil(seconds * 1000))}


def _openai_response(problem: Problem, row: Row, headers: dict[str, str]) -> JSONResponse:
    if row.status == HTTPStatus.GATEWAY_TIMEOUT:
        # OpenAI's own clients repeat what failed at our end: three times the longest wait helps nobody.
        headers["x-should-retry"] = "false"
    status = HTTPStatus.NOT_FOUND if row.openai_code == "model_not_found" else status_of(problem.status)
    return JSONResponse(openai_error(problem, row, status).model_dump(), status, headers=headers)


def openai_error(problem: Problem, row: Row, status: int) -> ErrorBody:
    """Say a problem in OpenAI's words."""
    field = problem.errors[0].field if problem.errors else None
    return error_body(
        status,
        problem.detail or problem.title,
        # What fills a context is the whole conversation; `problem` is a field of other routes.
        param=None if row.openai_code == "context_length_exceeded" else field,
        code=row.openai_code or row.slug.replace("-", "_"),
    )


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.ServiceError)
    return answer(request, error)


def answer(request: Request, error: errors.ServiceError) -> JSONResponse:
    """Answer an error of our own in the words of the route."""
    row = row_of(error)
    if row.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", problem=row.slug, error=error.loggable)
    if isinstance(error, errors.QuotaError):
        row = replace(row, retry_after_s=error.retry_after_s)
    problem = problem_of(error, instance=request.url.path, request_id=request_id(request))
    response = _response(problem, row)
    if isinstance(error, errors.UnknownKeyError):
        response.headers["WWW-Authenticate"] = CHALLENGE
    return response


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = [field_error(complaint) for complaint in error.errors()[:50]]
    detail = f"{fields[0].field}: {fields[0].message}" if fields else None
    return respond(request, INVALID, detail, fields)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    response = http_problem(request, error)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (allowed := _allowed(request)):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _allowed(request: Request) -> list[str]:
    """List what the routes of a path take together; each by itself tells its own. Empty: none refused it."""
    routes: Sequence[BaseRoute] = request.app.router.routes
    taken = [
        method
        for method in (request.method, *_METHODS)
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return [] if request.method in taken else taken


def http_problem(request: Request, error: HTTPException) -> JSONResponse:
    """Answer an error that HTTP itself has a status for; its headers (Allow, …) are kept."""
    status = HTTPStatus(error.status_code)
    row = HTTP.get(status, Row(f"http-{status.value}", status.phrase, status))
    response = respond(request, row, None if error.detail == status.phrase else error.detail)
    response.headers.update(error.headers or {})
    return response


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return respond(request, UNEXPECTED, None)


def field_error(complaint: Mapping[str, Any]) -> FieldError:
    """Turn pydantic's complaint into a field's name and a sentence."""
    message = str(complaint["msg"]).removeprefix("Value error, ")
    if complaint["type"] == "model_attributes_type" and tuple(complaint["loc"]) == ("body",):
        message = "must be a JSON object, sent as application/json"
    return FieldError(field=".".join(_path(complaint["loc"])) or "body", message=message)


def _path(location: Sequence[str | int]) -> list[str]:
    """Name the place in the JSON: without where the JSON came from, or which kind of test it was read as."""
    places = [place for place in location if place != "body"]
    return [
        str(place)
        for index, place in enumerate(places)
        if not (index > 1 and places[index - 2] == "tests" and isinstance(places[index - 1], int))
    ]
