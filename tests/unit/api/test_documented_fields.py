"""`docs/api.md` names every field of the gateway's own routes, and every value of a closed set."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.api.world import World

DOCUMENT = Path("docs/api.md").read_text(encoding="utf-8")
CODE = " ".join(re.findall(r"```.*?```|`[^`\n]+`", DOCUMENT, re.DOTALL))
WORDS = frozenset(re.findall(r"\w+", CODE))

Schema = dict[str, Any]


def _names(schema: object, schemas: Schema, seen: set[str]) -> Iterator[str]:
    """Every property and every value of a closed set, in whatever the schema is made of."""
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            if name not in seen:
                seen.add(name)
                yield from _names(schemas[name], schemas, seen)
        case dict():
            yield from schema.get("properties", {})
            yield from (value for value in schema.get("enum", ()) if isinstance(value, str))
            for part in schema.values():
                yield from _names(part, schemas, seen)
        case list():
            for part in schema:
                yield from _names(part, schemas, seen)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/refine"),
        ("get", "/refine/{id}"),
        ("post", "/critique"),
        ("post", "/judge"),
        ("get", "/v1/models"),
        ("get", "/ready"),
        ("get", "/health"),
    ],
)
def test_every_field_and_value_of_a_route_is_documented(method: str, path: str) -> None:
    contract = World().app().openapi()
    operation = contract["paths"][path][method]
    told = [operation.get("requestBody"), operation["responses"]["200"]]

    missing = sorted({*_names(told, contract["components"]["schemas"], set())} - WORDS)

    assert missing == []
