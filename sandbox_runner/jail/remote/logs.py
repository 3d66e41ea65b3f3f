"""What the program logs. Tests that listen, as by `caplog` or `assertLogs`, hear it from the same loggers.

Only what reaches the program's root logger is told; the tests' loggers decide by their levels what counts.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

MOST = 1_000
"""Of one answer."""

Logged = list[object]
"""Logger, level, message, traceback, line and function."""


def are_heard() -> bool:
    """Whether the tests have anybody listen."""
    logging = sys.modules.get("logging")
    if logging is None:
        return False
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    return any(getattr(each, "handlers", ()) for each in loggers)


def read(told: Any) -> list[Logged]:
    """Raises TypeError for what no honest side tells."""
    for record in told[:MOST]:
        if tuple(map(type, record)) != (str, int, str, str, int, str):
            raise TypeError("no record of a log")
    return list(told[:MOST])


def give(records: list[Logged]) -> None:
    logging: Any = sys.modules.get("logging")
    for name, level, message, trace, line, function in records:
        logger = logging.getLogger(name)
        if logger.isEnabledFor(level):
            record = logger.makeRecord(name, level, "solution.py", line, message, (), None, function)
            record.exc_text = trace or None
            logger.handle(record)


@contextmanager
def listened(wanted: bool, given: list[Logged]) -> Iterator[None]:
    """Collect what is logged meanwhile, if the tests listen, of any level; a question within another adds."""
    logging: Any = sys.modules.get("logging")
    if not wanted or logging is None or any(hasattr(each, "tells") for each in logging.root.handlers):
        yield
        return

    collector, level = _collector()(given), logging.root.level
    logging.root.addHandler(collector)
    logging.root.setLevel(1)
    try:
        yield
    finally:
        logging.root.removeHandler(collector)
        if logging.root.level == 1:
            logging.root.setLevel(level)


@cache
def _collector() -> Any:
    logging: Any = sys.modules["logging"]

    class Collector(logging.Handler):  # type: ignore[misc]
        tells = True

        def __init__(self, given: list[Logged]) -> None:
            super().__init__()
            self._given = given

        def emit(self, record: Any) -> None:
            if len(self._given) < MOST:
                self._given.append(_told(record))

    return Collector


def _told(record: Any) -> Logged:
    logging: Any = sys.modules["logging"]
    trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
    message = record.getMessage()
    return [record.name, record.levelno, message, trace, record.lineno, str(record.funcName)]
