"""Programs that want more than they may have."""

from dataclasses import replace

import pytest

from sandbox_runner.verdict import Outcome
from tests.isolation.conftest import LIMITS, Arena

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_THREADS = """
import threading
def spin():
    while True: pass
for _ in range(8): threading.Thread(target=spin).start()
"""

_RECURSION_IN_C = """
import sys
sys.setrecursionlimit(10**9)
class A:
    def __getattr__(self, n): return getattr(self, n + 'x')
A().b
"""

_TWO_BUSY_PROCESSES = """
import os, time
def burn(seconds):
    while time.process_time() < seconds: pass
if os.fork() == 0:
    burn(0.45)
    os._exit(0)
burn(0.3)
os.wait()
"""

GREEDY = {
    "a busy loop": ("while True: pass", {Outcome.TIME_LIMIT}),
    "busy threads": (_THREADS, {Outcome.TIME_LIMIT}),
    "a loop deaf to signals": (
        (
            "import signal\n"
            "for n in set(signal.Signals) - {9, 19}:\n"
            "    try: signal.signal(n, signal.SIG_IGN)\n"
            "    except (OSError, ValueError): pass\n"
            "while True: pass"
        ),
        {Outcome.TIME_LIMIT},
    ),
    "a raised CPU limit": (
        (
            "import resource\n"
            "try: resource.setrlimit(resource.RLIMIT_CPU, (9999, 9999))\n"
            "except (OSError, ValueError): pass\n"
            "while True: pass"
        ),
        {Outcome.TIME_LIMIT},
    ),
    "ten gigabytes": ("bytearray(10**10)", {Outcome.MEMORY_LIMIT}),
    "slow growth": ("a = []\nwhile True: a.append(bytearray(b'x' * (1 << 20)))", {Outcome.MEMORY_LIMIT}),
    "shared memory": (
        "import mmap\nm = mmap.mmap(-1, 200 << 20)\nfor i in range(0, 200 << 20, 4096): m[i] = 1",
        {Outcome.MEMORY_LIMIT, Outcome.RUNTIME_ERROR},
    ),
    "reading /dev/zero": ("open('/dev/zero', 'rb').read()", {Outcome.MEMORY_LIMIT}),
    "endless recursion": (
        "import sys\nsys.setrecursionlimit(10**9)\ndef g(): return [g()]\ng()",
        {Outcome.MEMORY_LIMIT, Outcome.RUNTIME_ERROR, Outcome.TIME_LIMIT},
    ),
    "recursion in C": (
        _RECURSION_IN_C,
        {Outcome.MEMORY_LIMIT, Outcome.RUNTIME_ERROR, Outcome.TIME_LIMIT},
    ),
    "endless print": ("while True: print('x' * 1000)", {Outcome.OUTPUT_LIMIT}),
    "endless print with the error swallowed": (
        (
            "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "while True:\n    try: print('x' * 1000, flush=True)\n    except OSError: pass"
        ),
        {Outcome.OUTPUT_LIMIT},
    ),
    "endless stderr": ("import sys\nwhile True: sys.stderr.write('x' * 1000)", {Outcome.OUTPUT_LIMIT}),
    "an output file made large at a stroke": (
        "import os\nos.ftruncate(1, 1 << 40)",
        {Outcome.OUTPUT_LIMIT, Outcome.RUNTIME_ERROR},
    ),
    "a large file": (
        "open('/tmp/x', 'wb').write(bytes(64 << 20))",
        {Outcome.OUTPUT_LIMIT, Outcome.RUNTIME_ERROR},
    ),
    "many files": (
        "for i in range(10**6): open(f'/tmp/{i}', 'w').close()",
        {Outcome.RUNTIME_ERROR, Outcome.TIME_LIMIT},
    ),
    "every descriptor": ("import os\nwhile True: os.dup(0)", {Outcome.RUNTIME_ERROR}),
    "a fork bomb": ("import os\nwhile True: os.fork()", {Outcome.RUNTIME_ERROR}),
    "a thread bomb": (
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,)).start()",
        {Outcome.RUNTIME_ERROR, Outcome.MEMORY_LIMIT, Outcome.TIME_LIMIT},
    ),
    "locked memory": (
        "import ctypes\nassert ctypes.CDLL(None).mlockall(3) == 0",
        {Outcome.RUNTIME_ERROR},
    ),
    "a nested source": ("(" * 100_000, {Outcome.COMPILE_ERROR}),
    "a source that is one deep expression": ("x = " + "-" * 200_000 + "1", {Outcome.COMPILE_ERROR}),
    "a source of zero bytes": ("\0" * 1_000, {Outcome.COMPILE_ERROR}),
}


@pytest.mark.parametrize("name", GREEDY)
async def test_a_greedy_program_meets_its_limit(arena: Arena, name: str) -> None:
    code, outcomes = GREEDY[name]

    result = await arena.script(code)

    assert result.outcome in outcomes, result
    assert result.wall_s < LIMITS.wall_s + 0.5
    assert result.cpu_s < LIMITS.cpu_s + 0.3
    await arena.assert_unharmed()


async def test_a_sleeper_meets_the_wall(arena: Arena) -> None:
    result = await arena.script("import time\ntime.sleep(1e6)", limits=replace(LIMITS, wall_s=0.3))

    assert result.outcome is Outcome.TIME_LIMIT
    assert 0.3 <= result.wall_s < 0.8


async def test_output_before_a_time_limit_is_returned(arena: Arena) -> None:
    result = await arena.script("print('so far', flush=True)\nwhile True: pass")

    assert (result.outcome, result.stdout) == (Outcome.TIME_LIMIT, "so far\n")


async def test_two_megabytes_of_right_output_are_accepted(arena: Arena) -> None:
    result = await arena.script("print('x' * 2_000_000)", "x" * 2_000_000 + "\n")

    assert result.outcome is Outcome.ACCEPTED


async def test_exactly_the_allowed_output_is_accepted_and_one_byte_more_is_not(arena: Arena) -> None:
    limits = replace(LIMITS, output_bytes=1_000)

    full = await arena.script("print('x' * 999)", "x" * 999, limits=limits)
    over = await arena.script("print('x' * 1000)", "x" * 1_000, limits=limits)

    assert (full.outcome, over.outcome) == (Outcome.ACCEPTED, Outcome.OUTPUT_LIMIT)


async def test_a_fork_bomb_that_may_fork_stays_in_its_box(namespaced: Arena) -> None:
    code = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"

    result = await namespaced.script(code, limits=replace(LIMITS, processes=8, wall_s=1.0))

    assert result.outcome in {Outcome.TIME_LIMIT, Outcome.MEMORY_LIMIT}
    await namespaced.assert_unharmed()


async def test_the_cpu_time_of_children_counts(namespaced: Arena) -> None:
    result = await namespaced.script(_TWO_BUSY_PROCESSES, limits=replace(LIMITS, processes=2))

    assert result.outcome is Outcome.TIME_LIMIT
