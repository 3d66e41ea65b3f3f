"""The arguments of a tool as JSON Schema, taken from the model that checks the same fields over REST."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel

Schema = dict[str, Any]


def input_schema(model: type[BaseModel], arguments: Mapping[str, str], required: Sequence[str]) -> Schema:
    """Cut the model's schema down to the arguments, in their order, each with its description."""
    properties = plain_schema(model)["properties"]
    return {
        "type": "object",
        "properties": {
            name: _required(properties[name]) | {"description": description}
            for name, description in arguments.items()
        },
        "required": list(required),
        "additionalProperties": False,
    }


def plain_schema(model: type[BaseModel]) -> Schema:
    """Write a model's schema without references, which some clients do not follow, and without titles."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    return cast(Schema, _plain(schema, definitions))


def _required(schema: Schema) -> Schema:
    """Offer a value or nothing where REST also takes null: fewer clients can read a choice of types."""
    match schema:
        case {"anyOf": [dict() as value, {"type": "null"}]}:
            return value
    return {key: value for key, value in schema.items() if key != "default" or value is not None}


def _plain(node: Any, definitions: Mapping[str, Any]) -> Any:
    match node:
        case {"$ref": str(reference), **rest}:
            return _plain({**definitions[reference.removeprefix("#/$defs/")], **rest}, definitions)
        case dict():
            # A title is a string; a property that is called title is a schema.
            return {
                key: _plain(value, definitions)
                for key, value in node.items()
                if not (key == "title" and isinstance(value, str))
            }
        case list():
            return [_plain(item, definitions) for item in node]
    return node
