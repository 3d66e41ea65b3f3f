"""OpenAI's error body, in which every route below `/v1/` is answered, and vLLM's other scoring routes."""

from http import HTTPStatus

from pydantic import BaseModel

PATHS = ("/v1/", "/v2/", "/score", "/classify", "/rerank")

_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


class ErrorOut(BaseModel):
    """What went wrong: `param` is the field to change, `code` is for programs."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorBody(BaseModel):
    """OpenAI's envelope."""

    error: ErrorOut


def error_body(status: int, message: str, *, param: str | None = None, code: str | None = None) -> ErrorBody:
    """Write an error as OpenAI writes it."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    return ErrorBody(
        error=ErrorOut(message=message, type=_TYPES.get(HTTPStatus(status), kind), param=param, code=code)
    )


def status_of(status: int) -> int:
    """Say with which status OpenAI answers what is a 422 elsewhere."""
    return HTTPStatus.BAD_REQUEST if status == HTTPStatus.UNPROCESSABLE_ENTITY else status
