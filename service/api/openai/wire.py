"""Pieces of a stream in OpenAI's dialect."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from service.api.openai.errors import status_of
from service.api.problems import openai_error, problem_of, row_of
from service.domain.errors import ServiceError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Data:
    """One event; `name` is for dialects whose events have names."""

    data: Mapping[str, object]
    name: str = ""

    def encode(self, sequence: int) -> bytes:
        """Write it. ASCII JSON has no line ends of any kind, which framing relies on."""
        name = f"event: {self.name}\n" if self.name else ""
        return f"{name}data: {json.dumps(self.data, separators=(',', ':'))}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Literal:
    """A piece that is the same each time."""

    text: bytes

    def encode(self, sequence: int) -> bytes:
        return self.text


KEEPALIVE = Literal(b": keepalive\n\n")
"""A comment, which parsers skip and idle timers count."""

DONE = Literal(b"data: [DONE]\n\n")


def error_event(error: Exception) -> Data:
    """Tell of a failure inside a stream: OpenAI's clients raise it."""
    return Data({"error": error_of(error)})


def error_of(error: Exception) -> dict[str, object]:
    """Return OpenAI's error object. What nobody foresaw is logged, and described to nobody."""
    if not isinstance(error, ServiceError):
        log.error("stream_crashed", exc_info=error)
    problem, row = problem_of(error), row_of(error)
    return openai_error(problem, row, status_of(problem.status)).error.model_dump()
