"""Loggers of the tests. Tests that listen, as by `caplog` or `assertLogs`, hear the program from them too."""

import sys
from typing import Any

from sandbox_runner.jail.remote.surroundings import MOST_LOGGED, Logged


def are_heard() -> bool:
    """Whether the tests have anybody listen."""
    logging = sys.modules.get("logging")
    if logging is None:
        return False
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    return any(getattr(each, "handlers", ()) for each in loggers)


def read(told: Any) -> list[Logged]:
    """Raises TypeError for what no honest side tells."""
    for record in told[:MOST_LOGGED]:
        if tuple(map(type, record)) != (str, int, str, str, int, str):
            raise TypeError("no record of a log")
    return list(told[:MOST_LOGGED])


def give(records: list[Logged]) -> None:
    logging: Any = sys.modules.get("logging")
    for name, level, message, trace, line, function in records:
        logger = logging.getLogger(name)
        if logger.isEnabledFor(level):
            record = logger.makeRecord(name, level, "solution.py", line, message, (), None, function)
            record.exc_text = trace or None
            logger.handle(record)
