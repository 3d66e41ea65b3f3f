"""Read a request: bytes straight into models, and the few headers that count."""

import asyncio
import math
from http import HTTPStatus
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from sandbox_runner.api.disconnect import ClientGoneError
from sandbox_runner.api.problems import FieldError, InvalidRequestError
from sandbox_runner.api.services import services_of

M = TypeVar("M", bound=BaseModel)

NDJSON = "application/x-ndjson"


async def read(request: Request, model: type[M]) -> M:
    try:
        return model.model_validate_json(await read_json(request))
    except ValidationError as error:
        raise InvalidRequestError.of(error) from None


async def read_json(request: Request) -> bytes:
    """The body, if it says that it is JSON: a web page of another origin cannot say so unasked."""
    if not _is_json(request.headers.get("content-type", "")):
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
    try:
        async with asyncio.timeout(services_of(request).settings.client_s):
            return await request.body()
    except ClientDisconnect:
        raise ClientGoneError from None
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.") from None


def _is_json(content_type: str) -> bool:
    """By the type alone: a page may send `text/plain` with any parameter."""
    essence = content_type.partition(";")[0].strip().lower()
    return essence == "application/json" or (essence.startswith("application/") and essence.endswith("+json"))


def deadline(request: Request, asked: float | None, arrived: float) -> float | None:
    """When a slot is of no use any more, by the clock that `arrived` is read from."""
    within_s = _deadline_s(request, asked)
    return None if within_s is None else arrived + within_s


def _deadline_s(request: Request, asked: float | None) -> float | None:
    """The nearer of the two deadlines, of the body and of the header."""
    header = request.headers.get("x-deadline-s")
    if header is None:
        return asked
    try:
        within_s = float(header)
    except ValueError:
        within_s = math.nan
    if not 0 < within_s < math.inf:
        raise InvalidRequestError(FieldError("X-Deadline-S", "a positive number of seconds"))
    return within_s if asked is None else min(asked, within_s)


def wants_lines(request: Request) -> bool:
    return NDJSON in request.headers.get("accept", "")
