"""The alarm of a test: a pipe to whoever watches it, for what comes before its program, which never has it.

An exit status cannot tell of that: a program may leave with any.
"""

import os
from typing import NoReturn

from sandbox_runner.jail import limits

# The highest descriptor that there may be.
ALARM_FD = limits.OPEN_FILES - 1
NOT_BEGUN = 125
_MOST_BYTES = 1_000


def set_up() -> int:
    """Make it; the end that is heard is returned, the other lies where tests that have not begun find it."""
    heard, ringing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    os.dup2(ringing, ALARM_FD, inheritable=False)
    os.close(ringing)
    return heard


def ring(told: bytes) -> NoReturn:
    """Leave, because of a fault that is not the program's."""
    os.write(ALARM_FD, told[:_MOST_BYTES])
    os._exit(NOT_BEGUN)


def heard(descriptor: int) -> bytes | None:
    """What the alarm says; nothing where it did not ring."""
    try:
        return os.read(descriptor, _MOST_BYTES)
    except BlockingIOError:
        return None


def of_memory(fault: bytes) -> bool:
    """Whether a test rang that has its input and nothing else yet, and no room for more."""
    return fault.startswith(MemoryError.__name__.encode())
