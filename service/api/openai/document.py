"""What `/openapi.json` says of the doors that read their bodies themselves."""

from dataclasses import dataclass
from typing import Any

from service.api.openai.errors import ErrorBody

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": description}
    for status, description in (
        (400, "A field cannot be, or is not supported by the model; `param` names it"),
        (404, "The model is not configured"),
        (413, "The body is longer than the service reads"),
        (415, "The body does not say that it is JSON"),
        (429, "An endpoint asks for patience"),
        (500, "A fault of ours"),
        (502, "A part failed"),
        (503, "Try again after `Retry-After`"),
        (504, "Time ran out"),
        ("default", "What an endpoint answered to a request that passed through"),
    )
}

_OPTIONS = {
    "type": "object",
    "description": "For the loop: options of `POST /refine`, such as rounds, critic, stop, select, feedback, "
    "entry_point, tests, budget, candidates, solution.",
}
_ITEMS = {"type": "array", "items": {"type": "object"}}


@dataclass(frozen=True, slots=True)
class Door:
    """A body and its answers. Fields that are not listed pass through to endpoints."""

    required: str
    field: dict[str, Any]
    answer: str

    @property
    def body(self) -> dict[str, Any]:
        """Describe the request."""
        schema = {
            "type": "object",
            "required": ["model", self.required],
            "properties": {
                "model": {
                    "type": "string",
                    "description": "refine, refine/<generator> or a configured model",
                },
                self.required: self.field,
                "stream": {"type": "boolean", "default": False},
                "refine": _OPTIONS,
            },
        }
        return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}

    @property
    def answers(self) -> dict[int | str, dict[str, Any]]:
        """Describe the answer: an object, or events."""
        return {
            200: {
                "description": self.answer,
                "content": {
                    "application/json": {"schema": {"type": "object"}},
                    "text/event-stream": {},
                },
            }
        }


CHAT = Door("messages", _ITEMS, "A chat completion; with `stream: true`, its chunks")
RESPONSES = Door(
    "input", {"anyOf": [{"type": "string"}, _ITEMS]}, "A response; with `stream: true`, its events"
)
