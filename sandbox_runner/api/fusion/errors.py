"""Errors as SandboxFusion words them: `{"detail": …}`, and 504 for all that another try may cure.

Its clients take 429 and 503 for a wrong answer, and retry 504.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import TypeVar

import structlog
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, JsonValue, ValidationError
from starlette.exceptions import HTTPException
from typing_extensions import TypedDict

from sandbox_runner.admission.queue import RefusedError
from sandbox_runner.api.disconnect import ClientGoneError
from sandbox_runner.api.reading import read_json
from sandbox_runner.api.refusals import READING, Responses
from sandbox_runner.logs import frames

log = structlog.get_logger()

Handler = Callable[[Request], Awaitable[Response]]
M = TypeVar("M", bound=BaseModel)


class _Refused(TypedDict):
    detail: str


class _Invalid(TypedDict):
    detail: list[dict[str, JsonValue]]


class _Broken(_Refused):
    traceback: list[str]


REFUSALS: Responses = READING | {
    400: {"model": _Refused, "description": "The request cannot be served as it is"},
    422: {"model": _Invalid, "description": "A field cannot be"},
    500: {"model": _Broken, "description": "A fault of the sandbox; its log has it"},
    504: {"model": _Refused, "description": "Another try may do; come back after `Retry-After`"},
}


class FusionError(Exception):
    """A request that cannot be served as it is."""

    def __init__(self, detail: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class SandboxBrokeError(Exception):
    """A box broke twice: no verdict about the program."""


async def read(request: Request, model: type[M]) -> M:
    return model.model_validate_json(await read_json(request))


def in_fusions_words(handler: Handler) -> Handler:
    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except (ClientGoneError, HTTPException):
            raise
        except Exception as error:  # noqa: BLE001 - every error has its words
            return _response_to(error)

    return answer


def _response_to(error: Exception) -> JSONResponse:
    match error:
        case FusionError():
            return JSONResponse({"detail": error.detail}, error.status)
        case ValidationError():
            return JSONResponse({"detail": _found(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        case RefusedError():
            return _try_again("no slot came free in time", error.retry_after_s)
        case SandboxBrokeError():
            return _try_again("the sandbox broke", 1)
        case _:
            log.error("request_failed", error=type(error).__name__, frames=frames(error))
            return JSONResponse({"detail": "internal error", "traceback": []}, 500)


def _try_again(detail: str, after_s: int) -> JSONResponse:
    return JSONResponse({"detail": detail}, HTTPStatus.GATEWAY_TIMEOUT, {"Retry-After": str(after_s)})


def _found(error: ValidationError) -> list[dict[str, object]]:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:20]
    return [{"type": e["type"], "loc": ["body", *e["loc"]], "msg": e["msg"]} for e in found]
