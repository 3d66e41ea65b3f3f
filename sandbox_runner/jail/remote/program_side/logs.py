"""What the program logs, for tests that listen.

Only what reaches the program's root logger is told; the tests' loggers decide by their levels what counts.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sandbox_runner.jail.remote.surroundings import MOST_LOGGED, Logged


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
            if len(self._given) < MOST_LOGGED:
                self._given.append(_told(record))

    return Collector


def _told(record: Any) -> Logged:
    logging: Any = sys.modules["logging"]
    trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
    message = record.getMessage()
    return [record.name, record.levelno, message, trace, record.lineno, str(record.funcName)]
