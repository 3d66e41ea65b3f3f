"""How one test ended, as its box saw it: a packet of fixed form.

Packets from a box start with a letter that says their kind. They are not JSON, because a fork pays for
every page that its parent has written since, and parsing writes many.
"""

import struct
from dataclasses import dataclass
from typing import Self

READY, ERROR, ENDING = b"R", b"E", b"T"
_FORMAT = struct.Struct("<cibddqd??")
pack = _FORMAT.pack
_CLOSED = struct.Struct("<BB")
pack_closed = _CLOSED.pack
"""What follows where the box is gone with its test."""


def told(error: Exception) -> bytes:
    """What is said of a fault of ours, after the letter for one or by the alarm."""
    return f"{type(error).__name__}: {error}".encode("utf-8", "replace")


AT_CPU, AT_WALL, AT_MEMORY = 1, 2, 3
_LIMITS = (None, "cpu", "wall", "memory")


class MalformedEndingError(ValueError):
    """A packet that no box of ours sends."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a test ended, as its box tells it."""

    status: int
    """The exit code, or minus the signal."""
    stopped: str | None
    """The limit at which the box stopped it; `memory` also if it met that before its program."""
    cpu_s: float
    wall_s: float
    memory_bytes: int
    fork_s: float
    dirty: bool
    """Files were left behind: the box is spent."""
    compiled: bool
    """Nothing is known against the program's compiling; without that, no line of it ran."""
    leaked_cgroups: int = 0
    """Of a box that is gone with its test."""
    leaked_processes: int = 0

    @classmethod
    def unpack(cls, packet: bytes) -> Self:
        try:
            _, status, stopped, *rest = _FORMAT.unpack_from(packet)
            left = _CLOSED.unpack(packet[_FORMAT.size :]) if len(packet) > _FORMAT.size else ()
            return cls(status, _LIMITS[stopped], *rest, *left)
        except (struct.error, IndexError) as error:
            raise MalformedEndingError(f"{packet[:40]!r}") from error
