"""A test knows nothing of those before it, though they share a box: only the program is the same."""

import pytest

from sandbox_runner.domain.cases import CallCase, StdinCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Outcome
from tests.isolation.conftest import LIMITS, Arena
from tests.isolation.corpus.grader import FIND, SEARCHES

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_SIGNS = {
    "an attribute": (
        "    import builtins, linecache, math, sys\n"
        "    seen = [hasattr(place, 'seen') for place in (builtins, linecache, math, sys)]\n"
        "    builtins.seen = linecache.seen = math.seen = sys.seen = 1\n"
    ),
    "a global": "    seen = len(calls)\n    calls.append(x)\n",
    "a file": (
        "    seen = os.path.exists('/tmp/attack')\n"
        "    try: open('/tmp/attack', 'w').close()\n    except OSError: pass\n"
    ),
    "a closed directory": (
        "    seen = os.path.exists('/tmp/attack')\n"
        "    try: os.mkdir('/tmp/attack', 0)\n    except OSError: pass\n"
    ),
    "a count of files that came and went": (
        "    seen = 0\n    try:\n        for n in range(9):\n"
        "            with open('/tmp/attack', 'w') as file: seen = os.fstat(file.fileno()).st_ino\n"
        "            os.unlink('/tmp/attack')\n"
        "    except OSError: pass\n"
    ),
    "the memory of C": (
        "    import ctypes\n    shared = ctypes.c_int.in_dll(ctypes.CDLL(None), 'optind')\n"
        "    seen, shared.value = shared.value, 77\n"
    ),
    "limits and masks": (
        "    import resource, signal\n    seen = [os.umask(0), resource.getrlimit(resource.RLIMIT_NOFILE)]\n"
        "    seen += [str(signal.getsignal(10)), os.getcwd()]\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))\n"
        "    signal.signal(10, signal.SIG_IGN); os.chdir('/usr')\n"
    ),
    "its session and descriptors": (
        "    seen = [fd for fd in range(64) if _is_open(fd)]\n    os.dup(0); os.set_inheritable(1, True)\n"
    ),
}
_HEAD = """
import os
calls = []
def _is_open(fd):
    try: return os.fstat(fd) is not None
    except OSError: return False
"""


@pytest.mark.parametrize("sign", _SIGNS)
async def test_no_sign_reaches_the_next_test(arena: Arena, sign: str) -> None:
    code = f"{_HEAD}def f(x):\n{_SIGNS[sign]}    return repr(seen)\n"
    cases = tuple(CallCase("f", (n,), {}, None, Equality.JSON) for n in range(3))
    broken = arena.boxes_broken()

    verdict = await arena.sandbox.judge.judge(Submission(code, cases, LIMITS))

    assert arena.boxes_broken() == broken  # another try would hide what they saw
    returned = {test.returned for test in verdict.tests}
    assert len(returned) == 1, returned
    assert returned != {None}, verdict.tests[0]
    assert arena.processes_left() == []


async def test_the_scratch_directory_is_older_than_any_change_of_it(namespaced: Arena) -> None:
    result = await namespaced.call("import os\ndef f(x): return os.stat('/tmp').st_mtime", expected=0.0)

    assert result.outcome is Outcome.ACCEPTED, result


async def test_what_a_test_does_to_its_input_does_not_reach_the_next(arena: Arena) -> None:
    code = (
        "import os\nsaid = os.pread(0, 99, 0).decode()\n"
        "os.ftruncate(0, 0)\nos.pwrite(0, b'x' * 9, 0)\nprint(said)"
    )
    cases = tuple(StdinCase(text, text) for text in ("a", "b", "a"))

    verdict = await arena.sandbox.judge.judge(Submission(code, cases, LIMITS))

    assert [test.outcome for test in verdict.tests] == [Outcome.ACCEPTED] * 3, verdict


@pytest.mark.parametrize("where", ["frames", "the stack", "a traceback"])
async def test_the_searches_would_find_what_is_there(arena: Arena, where: str) -> None:
    secret = "canary-0123456789abcdef01234567"
    code = f"import sys\ndef f(x):\n    {SEARCHES[where]}{FIND}"

    result = await arena.call(code, arg=secret, expected=secret)

    assert result.outcome is Outcome.ACCEPTED, result
