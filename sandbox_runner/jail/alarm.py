"""The alarm of a test: a pipe to whoever watches it, for what comes before its program, which never has it.

An exit status cannot tell of that: a program may leave with any.
"""

import os
import struct
import time
from dataclasses import dataclass
from typing import NoReturn

from sandbox_runner.jail import limits

# The highest descriptor that there may be.
ALARM_FD = limits.OPEN_FILES - 1
NOT_BEGUN = 125
_MOST_BYTES = 1_000
_BEGUN = struct.Struct("<xdd")
_COMPILED = struct.Struct("<d")


def set_up() -> int:
    """Make it; the end that is heard is returned, the other lies where tests that have not begun find it."""
    heard, ringing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    os.dup2(ringing, ALARM_FD, inheritable=False)
    os.close(ringing)
    return heard


def hold_place() -> None:
    """Have nothing there that is needed, and no alarm."""
    os.dup2(0, ALARM_FD, inheritable=False)


def let_go() -> None:
    """Have it no more: the program begins."""
    os.close(ALARM_FD)


def tell_begun() -> None:
    """Tell when all that is ours was done, and what CPU time that took. No text of a fault starts like it."""
    os.write(ALARM_FD, _BEGUN.pack(time.monotonic(), time.process_time()))


def tell_compiled() -> None:
    """Tell what CPU time was used once the program was compiled, and have it no more."""
    os.write(ALARM_FD, _COMPILED.pack(time.process_time()))
    os.close(ALARM_FD)


def tell_ready() -> None:
    """Tell both, where there is no program to compile."""
    tell_begun()
    tell_compiled()


def ring(told: bytes) -> NoReturn:
    """Leave, because of a fault that is not the program's."""
    os.write(ALARM_FD, told[:_MOST_BYTES])
    os._exit(NOT_BEGUN)


def heard(descriptor: int) -> bytes | None:
    """What is told and was not heard yet; nothing where there is nothing."""
    try:
        return os.read(descriptor, _MOST_BYTES) or None
    except BlockingIOError:
        return None


@dataclass(frozen=True, slots=True)
class Begun:
    """What a test told of its beginning."""

    at: float
    """Of the monotonic clock, in seconds."""
    cpu_s: float
    """Used for what is not the program's: also for compiling it, once that is over."""
    compiled: bool

    @classmethod
    def read(cls, told: bytes) -> "Begun | None":
        if len(told) < _BEGUN.size or told[0] != 0:
            return None
        at, cpu_s = _BEGUN.unpack_from(told)
        compiled = len(told) == _BEGUN.size + _COMPILED.size
        if compiled:
            (cpu_s,) = _COMPILED.unpack_from(told, _BEGUN.size)
        return cls(at, cpu_s, compiled)


def of_memory(fault: bytes) -> bool:
    """Whether a test rang that has its input and nothing else yet, and no room for more."""
    return fault.startswith(MemoryError.__name__.encode())
