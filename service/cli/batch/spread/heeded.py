"""A stop that is heeded: what is raised within Ray's callbacks and destructors is swallowed there."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_AGAIN_S = 8.0
"""Longer than it takes to end what is at work."""
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)


@contextmanager
def heeded() -> Generator[None, None, None]:
    """Raise KeyboardInterrupt on Ctrl-C and SIGTERM, and again after a while until the context is left."""
    before = {number: signal.getsignal(number) for number in _STOPS}
    timer = signal.getitimer(signal.ITIMER_REAL)
    for number in _STOPS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
    raise KeyboardInterrupt
