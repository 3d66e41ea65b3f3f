"""A process that does not outlive the one that started it."""

import ctypes
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Be asked to stop when the parent ends, even if it is killed or its terminal is closed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
