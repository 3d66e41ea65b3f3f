"""The interpreter's code in large pages, in processes of their own, as it changes them."""

import ctypes
import mmap
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox_runner.jail import large_pages

_ROOT = str(Path(__file__).parents[3])
_HELD = """
import ctypes, os, sys
sys.path.insert(0, sys.argv[1])
from sandbox_runner.jail import large_pages
opened = os.listdir("/proc/self/fd")
held = large_pages.hold_interpreter()
mapped = [line.split() for line in open("/proc/self/smaps")]
large_kib = sum(int(line[1]) for line in mapped if line[0] == "ShmemPmdMapped:")
"""
_IN_LARGE_PAGES = f"""{_HELD}
import json, re
works = json.loads(json.dumps([re.sub("a", "b", "banana"), 10**30])) == ["bbnbnb", 10**30]
print(held, large_kib >= 2048, works, os.listdir("/proc/self/fd") == opened)
"""
_WRITTEN_BY_A_CHILD = f"""{_HELD}
begin, end = next(line[0].split("-") for line in mapped if "interpreter" in line[-2])
begin, end = int(begin, 16), int(end, 16)
before = ctypes.string_at(begin, end - begin)
if os.fork() == 0:
    ctypes.PyDLL(None).mprotect(ctypes.c_void_p(begin), ctypes.c_size_t(4096), 7)
    ctypes.memset(begin, 1, 64)
    os._exit(ctypes.string_at(begin, 64) == b"\\1" * 64)
status = os.waitstatus_to_exitcode(os.wait()[1])
print(status, ctypes.string_at(begin, end - begin) == before)
"""
_WRITTEN_BEHIND_IT = f"""{_HELD}
place = next(line[0] for line in mapped if "interpreter" in line[-2])
for change in (lambda file: file.write(bytes(64)), lambda file: file.truncate(0)):
    try:
        with open(f"/proc/self/map_files/{{place}}", "r+b", buffering=0) as file:
            change(file)
    except PermissionError:
        print("refused")
"""
_WITHOUT = f"""
import os
def refuse(*_): raise PermissionError
os.memfd_create = refuse
{_HELD}
print(held, large_kib)
"""
_WITHOUT_ROOM = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
{_HELD}
print(held, large_kib)
"""
_MAPS = """\
00400000-0041f000 r--p 00000000 fe:00 11 /usr/bin/other
7f0000000000-7f0000100000 r--p 00000000 fe:00 26933 /usr/lib/libpython3.11.so.1.0
7f0000100000-7f0000500000 r-xp 00100000 fe:00 26933 /usr/lib/libpython3.11.so.1.0
7f0000500000-7f0000600000 r--p 00500000 fe:00 26933 /usr/lib/libpython3.11.so.1.0
7f0000600000-7f0000700000 rw-p 00600000 fe:00 26933 /usr/lib/libpython3.11.so.1.0
7f0000700000-7f0000800000 r--p 00700000 fe:00 26933 /usr/lib/libpython3.11.so.1.0
7f0000800000-7f0000900000 r--p 00000000 fe:00 77 /usr/lib/libneighbour.so
7f0000900000-7f0000a00000 ---p 00100000 fe:00 77 /usr/lib/libneighbour.so
7f0000a00000-7f0000a80000 r--p 00200000 fe:00 77 /usr/lib/libneighbour.so
7f0000a80000-7f0000b00000 r-xp 00000000 00:00 0                          [vdso]
"""


def _merges() -> bool:
    """Whether this kernel makes a large page of memory when it is asked to."""
    large = 2 << 20
    memory = mmap.mmap(-1, 2 * large, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.write(b"x" * len(memory))
    begin = -ctypes.addressof(ctypes.c_char.from_buffer(memory)) % large
    try:
        memory.madvise(25, begin, large)
    except OSError:
        return False
    return True


_needs_large_pages = pytest.mark.skipif(
    not _merges(), reason="NEEDS LARGE PAGES: Linux 6.1 with transparent huge pages"
)


def _told(script: str) -> list[str]:
    command = [sys._base_executable, "-s", "-S", "-P", "-B", "-c", script, _ROOT]  # type: ignore[attr-defined]  # noqa: SLF001
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@_needs_large_pages
def test_an_interpreter_goes_on_in_large_pages() -> None:
    assert _told(_IN_LARGE_PAGES) == ["True"] * 4


@_needs_large_pages
def test_what_a_child_writes_over_its_code_is_the_childs() -> None:
    assert _told(_WRITTEN_BY_A_CHILD) == ["1", "True"]


@_needs_large_pages
@pytest.mark.skipif(os.geteuid() != 0, reason="NEEDS ROOT, who may open what is mapped")
def test_nobody_writes_behind_it() -> None:
    assert _told(_WRITTEN_BEHIND_IT) == ["refused", "refused"]


def test_where_there_are_none_it_stays_as_it_is() -> None:
    assert _told(_WITHOUT) == ["False", "0"]


def test_where_a_file_may_not_be_as_large_it_stays_as_it_is() -> None:
    assert _told(_WITHOUT_ROOM) == ["False", "0"]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (0x7F0000100010, range(0x7F0000000000, 0x7F0000600000)),
        (0x7F0000000000, range(0x7F0000000000, 0x7F0000600000)),
        (0x7F0000650000, range(0)),
        (0x7F0000700000, range(0x7F0000700000, 0x7F0000800000)),
        (0x7F0000800001, range(0x7F0000800000, 0x7F0000900000)),
        (0x7F0000A00000, range(0x7F0000A00000, 0x7F0000A80000)),
        (0x400000, range(0x400000, 0x41F000)),
        (0x500000, range(0)),
        (0x7F0000B00000, range(0)),
    ],
)
def test_its_neighbours_are_of_one_file_and_for_reading(address: int, found: range) -> None:
    assert large_pages._around(address, _MAPS.splitlines()) == found  # noqa: SLF001


@pytest.mark.parametrize(
    ("places", "found"),
    [
        (range(0x40_0000, 0x80_0000), range(0x40_0000, 0x80_0000)),
        (range(0x3F_F000, 0x80_1000), range(0x40_0000, 0x80_0000)),
        (range(0x40_1000, 0x7F_F000), range(0x60_0000, 0x60_0000)),
        (range(0), range(0)),
    ],
)
def test_no_page_is_moved_in_part(places: range, found: range) -> None:
    assert large_pages._whole(0x20_0000, places) == found  # noqa: SLF001
