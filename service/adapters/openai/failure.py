"""What an endpoint's refusal means."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from service.domain.errors import ModelError

PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Statuses that may pass by themselves, so that the request is worth repeating."""

_NOT_PASSING = "insufficient_quota"
_ABOUT_THE_KEY = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_MESSAGE_LENGTH = 300


class _Body(BaseModel):
    """The shapes that endpoints give their errors: OpenAI's, and those of servers that imitate it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    error: JsonValue = None
    message: JsonValue = None
    detail: JsonValue = None
    param: JsonValue = None
    code: JsonValue = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer other than 200, or an error inside one."""

    status: int
    message: str = ""
    param: str = ""
    code: str = ""

    @classmethod
    def read(cls, status: int, body: bytes) -> Self:
        """Find what can be found in an error's body."""
        try:
            parsed = _Body.model_validate_json(body)
        except ValidationError:
            return cls(status)
        if isinstance(parsed.error, dict):
            return cls.of(status, parsed.error)
        message = next((part for part in (parsed.error, parsed.message, parsed.detail) if part), "")
        return cls(status, _text(message), _text(parsed.param), _text(parsed.code))

    @classmethod
    def of(cls, status: int, error: JsonValue) -> Self:
        """Read OpenAI's error object."""
        if not isinstance(error, dict):
            return cls(status, _text(error))
        return cls(status, *(_text(error.get(field)) for field in ("message", "param", "code")))

    @property
    def passing(self) -> bool:
        """Say whether the same request may succeed in a moment."""
        return self.status in PASSING and self.code != _NOT_PASSING

    @property
    def is_about_the_endpoint(self) -> bool:
        """Say whether it is the endpoint that is unwell, and not the request, the key or the quota."""
        return self.passing or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def too_long(self) -> bool:
        """Say whether the prompt does not fit the model's context."""
        return self.code == "context_length_exceeded" or "context length" in self.message.lower()

    def told(self, secret: str) -> str:
        """Return what an operator should know, without the key."""
        if self.status in _ABOUT_THE_KEY:
            return f"the API key was refused (status {self.status})"
        readable = self.readable(secret)
        told = (
            "failed while answering" if self.status == HTTPStatus.OK else f"refused with status {self.status}"
        )
        return f"{told}: {readable}" if readable else told

    def readable(self, secret: str) -> str:
        """Return the endpoint's own words, without the key and on one line."""
        message = self.message.replace(secret, "***") if secret else self.message
        return "".join(c if c.isprintable() else " " for c in message)[:_MESSAGE_LENGTH].strip()


class RefusedError(ModelError):
    """The endpoint answered with an error."""

    def __init__(self, message: str, refusal: Refusal) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.passing = refusal.is_about_the_endpoint


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
