"""Structured logs on standard output, one JSON object a line. Never code, input or output of a program."""

import traceback
from pathlib import Path

import structlog

_MOST_FRAMES = 12


def configure() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )


def silence() -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


def frames(error: BaseException) -> list[str]:
    """Where it was raised, the innermost frames last. Not what it says: that may quote a program."""
    walked = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in walked[-_MOST_FRAMES:]]
