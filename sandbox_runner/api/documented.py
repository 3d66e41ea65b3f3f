"""Tell OpenAPI of routes that read and write their own bytes."""

from typing import Any

from pydantic import BaseModel

_REF = "#/$defs/"


def documented(body: type[BaseModel], answer: Any = None) -> dict[str, Any]:
    """What a route decorator needs to show the body, and the answer where it has a type."""
    schema = body.model_json_schema()
    definitions = schema.pop("$defs", {})
    content = {"application/json": {"schema": _inlined(schema, definitions)}}
    shown = {} if answer is None else {"responses": {200: {"model": answer}}}
    return shown | {"openapi_extra": {"requestBody": {"content": content, "required": True}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema inside an operation cannot refer to definitions of its own."""
    if isinstance(schema, list):
        return [_inlined(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = schema.get("$ref", "").removeprefix(_REF)
    if name in definitions:
        # JSON values hold JSON values: any value at all is what that comes to.
        rest = {key: value for key, value in definitions.items() if key != name}
        return _inlined(definitions[name], rest)
    return {
        key: _inlined(value, definitions)
        for key, value in schema.items()
        if key not in {"$ref", "discriminator"}
    }
