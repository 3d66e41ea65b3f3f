"""Routes that answer errors as OpenAI's API and vLLM do."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.api.problems import UNEXPECTED, field_error, retry_headers, row_of
from service.api.routing import StrictRoute
from service.domain.errors import RequestError, ServiceError, UnknownModelError


class OpenAIError(BaseModel):
    """What went wrong. `param` names the field, `code` is the problem's name elsewhere in this service."""

    message: str
    type: str
    param: str | None
    code: str


class OpenAIErrorBody(BaseModel):
    """OpenAI's envelope."""

    error: OpenAIError


class OpenAIErrorRoute(StrictRoute):
    """A route whose failures have OpenAI's form; what nobody foresaw is left to the outermost layer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as error:
                complaint = field_error(error.errors()[0])
                return _answer(HTTPStatus.BAD_REQUEST, complaint.message, complaint.field, "invalid-request")
            except HTTPException as error:
                return _answer(HTTPStatus(error.status_code), str(error.detail), None, "bad-request")
            except ServiceError as error:
                return _failed(error)

        return handle


def _failed(error: ServiceError) -> JSONResponse:
    row = row_of(error)
    assert row is not UNEXPECTED
    param = error.field if isinstance(error, RequestError) else None
    status = HTTPStatus.BAD_REQUEST if isinstance(error, RequestError) else row.status
    if isinstance(error, UnknownModelError):
        status, param = HTTPStatus.NOT_FOUND, "model"
    headers = {} if row.retry_after_s is None else retry_headers(row.retry_after_s)
    return _answer(status, str(error)[:1000], param, row.slug, headers)


def _answer(
    status: HTTPStatus, message: str, param: str | None, code: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    kind = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    body = OpenAIErrorBody(error=OpenAIError(message=message, type=kind, param=param, code=code))
    return JSONResponse(body.model_dump(), status, headers=headers)


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": OpenAIErrorBody} for status in (400, 404, 502, 503, 504)
}
