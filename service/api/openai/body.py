"""The body of a request in OpenAI's dialect: read as far as it is ours, passed on byte for byte else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import msgspec
from fastapi import Request
from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from service.api.problems import field_error
from service.api.routing import declares_json, not_json
from service.domain.errors import RequestError

OURS = "refine"
"""The member of a body that speaks to this service alone."""

MEMBERS = 1_000
"""Of a body, far above what any has: each is looked at."""

_CODEX = "x-codex-"
"""What names begin with that Codex gives in `client_metadata`, with everything it asks."""

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NAME = msgspec.json.Decoder(str)


@dataclass(frozen=True)
class OpenAIBody:
    """A JSON object: its members as they were written, and their values for who looks at them.

    What passes through is an agent's whole conversation, of which the model's name alone is of interest.
    """

    raw: bytes
    members: Mapping[str, msgspec.Raw]

    @classmethod
    async def read(cls, request: Request) -> Self:
        """Read JSON that says it is, as the standard has it: no NaN, no lone surrogates."""
        if not declares_json(request):
            raise HTTPException(415, "the body must be JSON, and say so: Content-Type: application/json")
        raw = await request.body()
        try:
            raw.decode()  # strings that are skipped are not looked into
            members = _MEMBERS.decode(raw)
        except msgspec.ValidationError:
            raise HTTPException(400, "the body must be a JSON object") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise not_json(request, error) from None
        if len(members) > MEMBERS:
            raise HTTPException(400, f"the body has {len(members)} members, and may have {MEMBERS}")
        return cls(raw, members)

    @cached_property
    def fields(self) -> Mapping[str, JsonValue]:
        """The members' values."""
        try:
            fields: dict[str, JsonValue] = from_json(self.raw, allow_inf_nan=False)
        except ValueError as error:  # nested deeper than is read
            raise HTTPException(400, f"the body is not JSON: {error}") from None
        return fields

    @property
    def model(self) -> str:
        """The model asked for."""
        try:
            model = _NAME.decode(self.members.get("model", b"null"))
        except msgspec.DecodeError:  # no text, or a number that no value can hold
            model = ""
        if not model:
            raise RequestError("model", "name a model; GET /v1/models lists them")
        return model

    @property
    def has_tools(self) -> bool:
        """Whether tools or, as they were once called, functions are offered."""
        return bool(self.fields.get("tools") or self.fields.get("functions"))

    @property
    def is_codex(self) -> bool:
        """Whether this is Codex, whose requests for itself, such as for a summary, offer no tools."""
        metadata = self.fields.get("client_metadata")
        return isinstance(metadata, dict) and any(name.startswith(_CODEX) for name in metadata)

    def for_upstream(self, ours: Mapping[str, str]) -> bytes:
        """Write the body with our members in place of its own. Every other value keeps its bytes."""
        members = {name: value for name, value in self.members.items() if name != OURS}
        members |= {name: msgspec.Raw(json.dumps(value)) for name, value in ours.items()}
        return msgspec.json.encode(members)


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
        elif value is not None and name not in meaningless and _said(value) not in neutral.get(name, ()):
            raise RequestError(name, _refusal(name, neutral.get(name)))
    return {name: value for name, value in found.items() if value is not None}


def _said(value: JsonValue) -> JsonValue:
    """Leave out the members that are null: clients that write their models down whole send them."""
    if not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if member is not None}


def _refusal(name: str, neutral: tuple[JsonValue, ...] | None) -> str:
    if neutral is None:
        return f"{name} is not supported by this model: leave it out"
    return f"{name} must be {json.dumps(neutral[0])} for this model, or left out"


def invalid(error: ValidationError) -> RequestError:
    """Name the first field that cannot be."""
    complaint = field_error(error.errors(include_input=False, include_url=False)[0])
    return RequestError(complaint.field, f"{complaint.field}: {complaint.message}")
