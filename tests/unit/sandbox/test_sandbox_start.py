"""What a launcher does before its first box, in processes of their own, as it changes them."""

import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox_runner.boxes import launcher

_ROOT = str(Path(__file__).parents[3])
_DEAR = "{'ast', 'inspect', 'pathlib', 'queue', 'sysconfig', 'sandbox_runner.boxes'}"
_HOLES = """
import ctypes, gc, sys
sys.path.insert(0, sys.argv[1])
from sandbox_runner.jail import holes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
blocks = [libc.malloc(ctypes.c_size_t(600)) for _ in range(2_000)]
objects = [bytes(100) for _ in range(20_000)]
for block in blocks[::2]:
    libc.free(block)
del objects[::60]
gc.collect()
if sys.argv[2] == "filled":
    holes.fill()
made = [bytes(100) for _ in range(50)]
pools = {id(one) // 16_384 for one in made}
places = [libc.malloc(ctypes.c_size_t(600)) for _ in range(50)]
print(len(pools), places == sorted(places) and places[0] > blocks[-1])
"""
_REHEARSAL = """
import os, resource, socket, sys
sys.path.insert(0, sys.argv[1])
from sandbox_runner.jail import credentials, filesystem, landlock, launcher, libc, rehearsal, report, warm
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.plan import Plan

def is_open(number):
    try:
        return bool(os.fstat(number))
    except OSError:
        return False

def state():
    modules = (os, resource, socket, credentials, filesystem, landlock, libc)
    return (
        [vars(module).copy() for module in modules],
        [number for number in range(100) if is_open(number)],
        sorted(sys.modules), sys.modules["__main__"], os.getcwd(), os.getuid(), os.getsid(0),
        [resource.getrlimit(kind) for kind in range(16)],
        open("/proc/self/status").read().split("NoNewPrivs")[1].split("Speculation")[0],
        report._Speaker.pid,
    )

warm.open_standard_files()
before = state()
for taken in rehearsal.DESCRIPTORS:
    os.dup2(0, taken, inheritable=False)
rehearsal.rehearse(Plan("none"), View())
after = state()
for here, (old, new) in enumerate(zip(before, after)):
    if old != new:
        print("changed:", here, old, new)
print(sys.stdin.tell(), sys.stdin.readline(), sys.stdin.tell(), sys.stdin.seek(0), sys.stdin.read())
print("as before" if before == after else "changed")
"""


def _told(script: str, *arguments: str, given: str = "") -> str:
    command = [sys._base_executable, "-s", "-S", "-P", "-B", "-c", script, _ROOT, *arguments]  # type: ignore[attr-defined]  # noqa: SLF001
    with tempfile.TemporaryFile("w+") as stdin:  # a file, as in a box
        stdin.write(given)
        stdin.seek(0)
        done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_launcher_starts_without_what_few_programs_need() -> None:
    start = launcher._START.replace("launcher.main()", f"print(sorted({_DEAR} & set(sys.modules)))")  # noqa: SLF001

    assert _told(start) == "[]\n"


def test_what_is_made_after_holes_were_filled_lies_side_by_side() -> None:
    scattered, at_the_end = _told(_HOLES, "open").split()
    assert int(scattered) > 10
    assert at_the_end == "False"

    assert _told(_HOLES, "filled") == "1 True\n"


def test_a_rehearsal_leaves_the_launcher_as_it_was() -> None:
    assert _told(_REHEARSAL, given="one\ntwo\n") == "0 one\n 4 0 one\ntwo\n\nas before\n"
