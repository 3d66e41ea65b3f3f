"""What the processes of a box use while they run, as the box reads it in its own `/proc`."""

import os
import time

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """CPU time that all threads of a process have used, read from its CPU clock."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def cpu_s_of_all() -> float:
    """CPU time of everything in the box but the box, and of what that has waited for."""
    return sum(map(_cpu_s_of_family, _pids()))


def largest_bytes() -> int:
    """What the largest process in the box, but the box, has in memory."""
    return max(map(_resident_bytes, _pids()), default=0)


def _pids() -> list[int]:
    """Of a namespace that the box is the first process of."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def _cpu_s_of_family(pid: int) -> float:
    """CPU time of a process and of the children that it has waited for."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS_A_SECOND


def _resident_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
