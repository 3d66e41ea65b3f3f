"""Logs: one JSON object a line on stdout, for our events and for the libraries' alike.

Configured in full: structlog's default renderer prints the locals of every frame of an exception.
"""

import logging
import sys
from contextlib import suppress

import structlog

from service.adapters.crash import without_words
from service.observing.propagation import trace_id


class _Lines:
    """Writes our own lines; by way of the standard library each would cost four times as much.

    As there, a line that cannot be written is lost, and nothing else: a reader of logs may have gone.
    """

    def __init__(self, *_: object) -> None:
        self._out = sys.stdout

    def write(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._out.write(f"{line}\n")
            self._out.flush()

    debug = info = warning = error = critical = write


def configure_logs(level: str) -> None:
    """Set up structlog and the standard library's logging, once a process."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_words,
        _name_trace,
    ]
    as_json = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_Lines,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, as_json],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Tells of every message at its beginning and its end, as the request's own line does.
    logging.getLogger("mcp").setLevel(max(logging.WARNING, root.level))


def _name_trace(logger: object, method: str, entry: structlog.types.EventDict) -> structlog.types.EventDict:
    """Let a line be found from its trace, where there is one."""
    found = trace_id()
    return entry if found is None else {**entry, "trace_id": found}
