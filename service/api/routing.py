"""How a route gets its body and its services."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, JsonValue, SkipValidation, ValidationError
from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.services import Services

_Body = TypeVar("_Body", bound=BaseModel)

ReadJson = SkipValidation[JsonValue]
"""What has been read as JSON is JSON: to look at each value of a long body again holds everybody up."""


class StrictRequest(Request):
    """Reads JSON as the standard has it: no NaN, no lone surrogates, no thousand brackets."""

    async def json(self) -> Any:
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise not_json(self, error) from None

    async def sent(self) -> Any:
        """Read the body: as JSON if that is what it says it is."""
        body = await self.body()
        return await self.json() if body and declares_json(self) else body


def not_json(request: Request, error: Exception) -> HTTPException:
    """Refuse a body. One that was compressed is not unpacked: a little of it can hold very much."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        return HTTPException(
            415,
            "the body must not be compressed: send it without Content-Encoding",
            {"Accept-Encoding": "identity"},
        )
    return HTTPException(400, f"the body is not JSON: {error}")


def declares_json(request: Request) -> bool:
    """A page from elsewhere can send anything else without asking first."""
    kind, _, subtype = request.headers.get("content-type", "").partition(";")[0].partition("/")
    named = subtype.strip().lower()
    return kind.strip().lower() == "application" and (named == "json" or named.endswith("+json"))


def validated(form: type[_Body], sent: object) -> _Body:
    """Read a body into its form, and complain as FastAPI does of one that does not fit."""
    try:
        return form.model_validate(sent)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from None


class StrictRoute(APIRoute):
    """A route whose JSON is read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(StrictRequest(request.scope, request.receive))

        return handle


async def services_of(request: Request) -> Services:
    """Find the running application's."""
    # Not a plain function: FastAPI would send those to a thread, which costs more than all it does here.
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(services_of)]
