"""A stop that is heeded: what is raised within Ray's callbacks and destructors is swallowed there."""

import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

_Told = Callable[["sys.UnraisableHookArgs"], object]

_AGAIN_S = 8.0
"""Longer than it takes to end what is at work."""
_AT_ONCE_S = 0.05
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)


@contextmanager
def heeded() -> Generator[None, None, None]:
    """Raise KeyboardInterrupt on Ctrl-C and SIGTERM, and again after a while until the context is left."""
    before = {number: signal.getsignal(number) for number in _STOPS}
    timer = signal.getitimer(signal.ITIMER_REAL)
    told = sys.unraisablehook
    for number in _STOPS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _stop)
    sys.unraisablehook = lambda swallowed: _again_or(told, swallowed)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        sys.unraisablehook = told
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
    raise KeyboardInterrupt


def _again_or(told: _Told, swallowed: "sys.UnraisableHookArgs") -> None:
    """Of a stop that a destructor swallowed show no traceback but raise it anew; tell all else as before."""
    if issubclass(swallowed.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AT_ONCE_S)
    else:
        told(swallowed)
