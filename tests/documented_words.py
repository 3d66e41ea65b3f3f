"""What a page of the documentation leaves out of a contract."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]


def undocumented(page: Path, contract: Schema, method: str, path: str) -> list[str]:
    """Fields of a route, and values of closed sets, that stand in no code of the page."""
    code = " ".join(re.findall(r"```.*?```|`[^`\n]+`", page.read_text(encoding="utf-8"), re.DOTALL))
    operation = contract["paths"][path][method]
    told = [operation.get("requestBody"), operation["responses"]["200"]]
    names = {*_names(told, contract["components"]["schemas"], set())}
    return sorted(names - frozenset(re.findall(r"\w+", code)))


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
