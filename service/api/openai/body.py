"""The body of a request in OpenAI's dialect: read as far as it is ours, passed on byte for byte else."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from fastapi import Request
from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from service.api.problems import field_error
from service.domain.errors import RequestError

OURS = "refine"
"""The member of a body that speaks to this service alone."""

_SPACE = re.compile(r"[ \t\n\r]*")
# Only where values end is of interest: numbers stay text, whatever their size.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


@dataclass(frozen=True, slots=True)
class OpenAIBody:
    """A JSON object, as text and as values."""

    raw: bytes
    fields: Mapping[str, JsonValue]

    @classmethod
    async def read(cls, request: Request) -> Self:
        """Read JSON as the standard has it: no NaN, no lone surrogates."""
        raw = await request.body()
        try:
            fields = from_json(raw, allow_inf_nan=False)
        except ValueError as error:
            raise HTTPException(400, f"the body is not JSON: {error}") from None
        if not isinstance(fields, dict):
            raise HTTPException(400, "the body must be a JSON object")
        return cls(raw, fields)

    @property
    def model(self) -> str:
        """The model asked for."""
        model = self.fields.get("model")
        if not isinstance(model, str) or not model:
            raise RequestError("model", "name a model; GET /v1/models lists them")
        return model

    @property
    def has_tools(self) -> bool:
        """Whether tools or, as they were once called, functions are offered."""
        return bool(self.fields.get("tools") or self.fields.get("functions"))

    def for_upstream(self, ours: Mapping[str, str]) -> bytes:
        """Write the body with our members in place of its own. Every other value keeps its bytes."""
        members = {name: text for name, text in _members(self.raw.decode()) if name != OURS}
        members |= {name: json.dumps(value) for name, value in ours.items()}
        return ("{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in members.items()) + "}").encode()


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Take an object that is known to be JSON apart: each member's name, and its value as written."""
    position = _after_space(text, _after_space(text, 0) + 1)
    while text[position] != "}":
        name, position = _DECODER.raw_decode(text, position)
        start = _after_space(text, _after_space(text, position) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield name, text[start:end]
        position = _after_space(text, end)
        if text[position] == ",":
            position = _after_space(text, position + 1)


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


def known_fields(
    body: OpenAIBody,
    known: type[BaseModel],
    *,
    neutral: Mapping[str, tuple[JsonValue, ...]],
    meaningless: frozenset[str],
) -> dict[str, JsonValue]:
    """Return the fields that `known` has; refuse one that would be ignored, unless it asks for nothing.

    `neutral` are values that ask for what happens anyway; `meaningless` fields do not change an answer.
    """
    found: dict[str, JsonValue] = {}
    for name, value in body.fields.items():
        if name in known.model_fields:
            found[name] = value
        elif value is not None and name not in meaningless and value not in neutral.get(name, ()):
            raise RequestError(name, _refusal(name, neutral.get(name)))
    return {name: value for name, value in found.items() if value is not None}


def _refusal(name: str, neutral: tuple[JsonValue, ...] | None) -> str:
    if neutral is None:
        return f"{name} is not supported by this model: leave it out"
    return f"{name} must be {json.dumps(neutral[0])} for this model, or left out"


def invalid(error: ValidationError) -> RequestError:
    """Name the first field that cannot be."""
    complaint = field_error(error.errors(include_input=False, include_url=False)[0])
    return RequestError(complaint.field, f"{complaint.field}: {complaint.message}")
