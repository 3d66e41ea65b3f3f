"""Tell OpenAPI of routes that read and write their own bytes."""

from typing import Any

from pydantic import BaseModel, TypeAdapter

from sandbox_runner.api.reading import NDJSON
from sandbox_runner.api.refusals import JUDGING, Responses, inlined


def documented(
    body: type[BaseModel], answer: Any, refusals: Responses = JUDGING, *, lines: Any = None
) -> dict[str, Any]:
    """What a route decorator needs to show the body, the answer and what may come instead.

    `lines` is what each line of an answer in lines is.
    """
    content = {"application/json": {"schema": inlined(body.model_json_schema())}}
    answered: dict[str, Any] = {"model": answer}
    if lines is not None:
        answered["content"] = {NDJSON: {"schema": inlined(TypeAdapter(lines).json_schema())}}
    return {
        "responses": {200: answered, **refusals},
        "openapi_extra": {"requestBody": {"content": content, "required": True}},
    }
