"""What OpenAPI is told of refusals: every status that a route may answer with, in the body it has there."""

from collections.abc import Mapping
from typing import Any, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

Responses = dict[int | str, dict[str, Any]]
PROBLEM = "application/problem+json"


class FieldErrorBody(TypedDict):
    field: str
    message: str


class ProblemBody(TypedDict):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: NotRequired[list[FieldErrorBody]]


def inlined(schema: Any, definitions: dict[str, Any] | None = None) -> Any:
    """A schema inside an operation cannot refer to definitions of its own."""
    if definitions is None:
        definitions = schema.pop("$defs", {})
    if isinstance(schema, list):
        return [inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    if name in definitions:
        # JSON values hold JSON values: any value at all is what that comes to.
        rest = {key: value for key, value in definitions.items() if key != name}
        return inlined(definitions[name], rest)
    return {
        key: inlined(value, definitions)
        for key, value in schema.items()
        if key not in {"$ref", "discriminator"}
    }


def _problems(told: Mapping[int, str]) -> Responses:
    content = {PROBLEM: {"schema": inlined(TypeAdapter(ProblemBody).json_schema())}}
    return {status: {"description": description, "content": content} for status, description in told.items()}


OPEN = _problems(
    {
        421: "A sandbox on loopback without keys is called by another name than its own",
        500: "A fault of the sandbox; its log has it",
    }
)
KEYED = OPEN | _problems({401: "A key is needed"})
READING = KEYED | _problems(
    {
        408: "The body did not arrive in time",
        413: "The body is longer than the sandbox reads",
        415: "The body does not say that it is JSON",
    }
)
JUDGING = READING | _problems(
    {
        422: "A field cannot be; `errors` names it and says what to change",
        503: "Full, or stopping; come back after `Retry-After`",
        504: "No slot comes free before the deadline",
    }
)
