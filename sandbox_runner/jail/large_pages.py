"""The interpreter's own code in large pages, which no fork copies and no test brings in group by group.

What a test needs of the interpreter is spread over all of it: a fault for every sixteen pages, and as many to
take away when it ends. A large page is one of each. Files on disk seldom lie in such pages; a memory file
does where the kernel is asked for it (`MADV_COLLAPSE`, Linux 6.1).
"""

import ctypes
import fcntl
import os
from collections.abc import Iterable

from sandbox_runner.jail import libc

_SIZE_FILE = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def hold_interpreter() -> bool:
    """Move what fills whole large pages; False where this machine gives none."""
    try:
        with open(_SIZE_FILE, "rb") as file:
            page_bytes = int(file.read())
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
            held = _whole(page_bytes, _around(_interpreter_address(), maps))
        if not held:
            return False
        _move(held.start, len(held))
    except OSError:
        return False
    return True


def _interpreter_address() -> int:
    return ctypes.cast(ctypes.pythonapi.Py_GetVersion, ctypes.c_void_p).value or 0


def _around(address: int, maps: Iterable[str]) -> range:
    """The mappings of one file about an address, as far as they are read-only; see `maps` in proc(5)."""
    runs: list[range] = []
    run_file: str | None = None
    for line in maps:
        place, rights, _, file = line.split(maxsplit=3)
        begin, end = (int(number, 16) for number in place.split("-"))
        if not rights.startswith("r-"):
            continue
        if (begin, file) == (runs[-1].stop if runs else 0, run_file):
            begin = runs.pop().start
        runs.append(range(begin, end))
        run_file = file
    return next((run for run in runs if address in run), range(0))


def _whole(page_bytes: int, places: range) -> range:
    return range(-(-places.start // page_bytes) * page_bytes, places.stop // page_bytes * page_bytes)


def _move(begin: int, size: int) -> None:
    """Put a copy in the place of what is executed meanwhile.

    What a process writes there is its own, as with the file, and none may write to what is behind it.
    """
    copy = os.memfd_create("interpreter", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        if os.pwrite(copy, (ctypes.c_char * size).from_address(begin), 0) != size:
            raise OSError("a memory file took a part of the code")
        fcntl.fcntl(copy, fcntl.F_ADD_SEALS, _SEALS)
        libc.map_code(begin, size, copy)
    finally:
        os.close(copy)
    libc.collapse(begin, size)
