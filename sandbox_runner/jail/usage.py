"""What the processes of a box use while they run, as the box reads it in a `/proc` of its own.

The one that programs see hides what may not be looked into, which goes for forks of the box and so for the
box as well: it keeps another.
"""

import math
import os
import time

from sandbox_runner.jail import limits

# With every process of the box in it; the descriptor below the alarm's, which no test has either.
PROC_FD = limits.OPEN_FILES - 2

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LONGEST_BYTES = 4096
_SHORTEST_PAUSE_S = 0.005
_CPU_COUNT = os.cpu_count() or 1


def pause_s(cpu_left_s: float, wall_left_s: float, longest_s: float = math.inf) -> float:
    """When to look again. Threads can burn several seconds of CPU per second."""
    return max(_SHORTEST_PAUSE_S, min(cpu_left_s / _CPU_COUNT, wall_left_s, longest_s))


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
    return [int(name) for name in os.listdir(PROC_FD) if name.isdigit() and name != "1"]


def _cpu_s_of_family(pid: int) -> float:
    """CPU time of a process and of the children that it has waited for."""
    try:
        fields = _read(f"{pid}/stat").rsplit(b")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS_A_SECOND


def _resident_bytes(pid: int) -> int:
    try:
        return int(_read(f"{pid}/statm").split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def _read(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY, dir_fd=PROC_FD)
    try:
        return os.read(file, _LONGEST_BYTES)
    finally:
        os.close(file)
