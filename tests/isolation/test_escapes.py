"""What a box looks like from inside. `corpus/` has the programs that try to leave it."""

from dataclasses import replace

import pytest

from sandbox_runner.domain.cases import CallCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Outcome
from tests.isolation.conftest import LIMITS, Arena

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]


async def test_the_environment_holds_no_secret(
    arena: Arena,
) -> None:
    result = await arena.call("import os\ndef f(x): return sorted(os.environ)")

    assert result.returned == "['HOME', 'LC_ALL', 'PATH', 'PYTHONHASHSEED', 'TZ']"


async def test_a_program_is_in_no_group_of_processes_but_its_own(arena: Arena) -> None:
    """Who signals its own group reaches no box and no launcher."""
    code = "import os\ndef f(x): return [os.getpid() == own for own in (os.getsid(0), os.getpgrp())]"

    result = await arena.call(code, expected=[True, True])

    assert result.outcome is Outcome.ACCEPTED, result


_RIGHTS = """
import ctypes
def f(numbers):
    libc, sets, signal = ctypes.CDLL(None), (ctypes.c_uint32 * 6)(), ctypes.c_int()
    assert libc.capget(ctypes.byref((ctypes.c_uint32 * 2)(0x20080522, 0)), ctypes.byref(sets)) == 0
    bounding = [number for number in range(64) if libc.prctl(23, number, 0, 0, 0) == 1]
    libc.prctl(2, ctypes.byref(signal), 0, 0, 0)
    return [list(sets), bounding, libc.prctl(3, 0, 0, 0, 0), libc.prctl(39, 0, 0, 0, 0), signal.value]
"""


async def test_a_program_has_no_right_and_cannot_come_by_one(arena: Arena) -> None:
    """No capability, now or later; not dumpable; and it ends with who made it, if no namespace ends it."""
    expected = [[0] * 6, [], 0, 1, 9]

    result = await arena.call(_RIGHTS, expected=expected)

    assert result.outcome is Outcome.ACCEPTED, result


async def test_a_program_has_its_streams_and_no_other_descriptor(arena: Arena) -> None:
    code = (
        "import os\ndef f(x): return [fd for fd in range(1024) if _is_open(fd)]\n"
        "def _is_open(fd):\n    try: return os.fstat(fd) is not None\n    except OSError: return False\n"
    )
    cases = tuple(CallCase("f", (n,), {}, [0, 1, 2, 3], Equality.JSON) for n in range(2))
    several = ((cases, replace(LIMITS, processes=4)),) if arena.isolated else ()
    for tests, limits in ((cases[:1], LIMITS), (cases, LIMITS), *several):
        verdict = await arena.sandbox.judge.judge(Submission(code, tests, limits))

        assert verdict.outcome is Outcome.ACCEPTED, verdict


async def test_a_box_tells_neither_the_hosts_name_nor_the_services_mask(namespaced: Arena) -> None:
    code = "import os\ndef f(x): return [os.uname().nodename, os.umask(0)]"

    result = await namespaced.call(code, expected=["sandbox", 0o022])

    assert result.outcome is Outcome.ACCEPTED, result


async def test_a_box_sees_only_itself(namespaced: Arena) -> None:
    code = "import os\ndef f(x): return sorted(p for p in os.listdir('/proc') if p.isdigit())"

    result = await namespaced.call(code)

    assert result.returned is not None
    assert len(result.returned.split()) == 1, result


async def test_the_host_is_not_even_visible(namespaced: Arena) -> None:
    paths = [__file__, "/etc", "/home", "/opt", "/sys", "/var"]
    code = "import os\ndef f(paths): return [p for p in paths if os.path.exists(p)]"

    result = await namespaced.call(code, arg=paths, expected=[])

    assert result.outcome is Outcome.ACCEPTED


async def test_what_is_mounted_is_bounded(namespaced: Arena) -> None:
    result = await namespaced.script("print(open('/proc/self/mounts').read())")

    rows = (line.split() for line in result.stdout.splitlines() if line)
    mounts = {place: set(options.split(",")) for _, place, _, options, *_ in rows}
    own = {place: options for place, options in mounts.items() if not place.startswith("/dev/")}
    assert {place for place, options in own.items() if not {"nosuid", "nodev"} <= options} == set()
    assert {place for place, options in own.items() if "ro" not in options} == {"/proc", "/tmp"}
    assert {"noexec", "size=16384k", "nr_inodes=1024"} <= own["/tmp"]
    assert {"noexec", "subset=pid", "hidepid=invisible"} <= own["/proc"]


async def test_a_file_is_not_there_for_the_next_test(namespaced: Arena) -> None:
    code = "import os\nprint(os.path.exists('/tmp/x'))\nopen('/tmp/x', 'w').write('x')"

    results = [await namespaced.script(code, "False") for _ in range(2)]

    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 2
