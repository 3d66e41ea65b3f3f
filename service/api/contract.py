"""The contract as `/openapi.json` tells it: every status a route may answer with, in the body it has there.

FastAPI documents its own form of a refused request, which nobody is sent here.
"""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from service.api.auth.doors import OPEN
from service.api.openai.errors import PATHS, ErrorBody
from service.api.problems import MEDIA_TYPE, Problem

Json = dict[str, Any]

_REFUSED = ("HTTPValidationError", "ValidationError")
_REFS = "#/components/schemas/{model}"

_ANY = {
    400: "The request cannot be read",
    401: "A key is needed",
    403: "This key may not do that",
    422: "A field cannot be; `errors` names it and says what to change",
    429: "The quota is used up for now; come back after `Retry-After`",
    500: "A fault of ours; the log has it under `request_id`",
    503: "Full, stopping, or without its store; come back after `Retry-After`",
}
_WITH_ID = {404: "There is no such thing"}
_LOOKING = ("get", "head")
_SETS_TO_WORK = {421: "A gateway without keys is called by another name than its own"}
_WITH_BODY = {
    408: "The body did not arrive in time",
    413: "The body is longer than the service reads",
    415: "The body is compressed, or of another kind than JSON",
    502: "A part failed",
    504: "Time ran out",
}


def install(app: FastAPI) -> None:
    """Complete what FastAPI writes, once."""
    written = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            _complete(written())
        schema: Json = written()
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


def _complete(schema: Json) -> None:
    schemas = schema["components"]["schemas"]
    for name in _REFUSED:
        schemas.pop(name, None)
    for model in (Problem, ErrorBody):
        described = model.model_json_schema(ref_template=_REFS)
        schemas.update(described.pop("$defs", {}) | {model.__name__: described})
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            operation["responses"] = _answers(path, operation, works=method not in _LOOKING)


def _answers(path: str, operation: Json, *, works: bool) -> Json:
    """Keep what the route says of itself, but for what FastAPI says of refusals."""
    said = {status: answer for status, answer in operation["responses"].items() if status != "422"}
    if path in OPEN:
        return said | {"500": _answer(path, _ANY[500])}
    errors = dict(_ANY)
    if "{" in path:
        errors |= _WITH_ID
    if works:
        errors |= _SETS_TO_WORK
    if "requestBody" in operation:
        errors |= _WITH_BODY
    if path.startswith(PATHS):
        # OpenAI's status for what is a 422 elsewhere is 400; an unknown model is a 404.
        del errors[HTTPStatus.UNPROCESSABLE_ENTITY]
        errors |= _WITH_ID
    own = {
        status: _answer(path, answer["description"]) if _is_problem(answer) else answer
        for status, answer in said.items()
    }
    return {str(status): _answer(path, text) for status, text in sorted(errors.items())} | own


def _is_problem(answer: Json) -> bool:
    """Whether FastAPI was given the model, for which it knows one media type alone."""
    described: Json = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return described == {"$ref": _REFS.format(model=Problem.__name__)}


def _answer(path: str, description: str) -> Json:
    model, media_type = (ErrorBody, "application/json") if path.startswith(PATHS) else (Problem, MEDIA_TYPE)
    schema = {"$ref": _REFS.format(model=model.__name__)}
    return {"description": description, "content": {media_type: {"schema": schema}}}
