"""Where the limits lie: what is just allowed is allowed. `corpus/resources.py` wants more."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from sandbox_runner.boxes.launcher import LauncherError
from sandbox_runner.domain.cases import CallCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Outcome, Tier
from tests.isolation.conftest import HONEST, LIMITS, Arena
from tests.isolation.invariants import Traces

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]


_KERNELS_LIMITS = """
import resource
def f(names):
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names}
"""


async def test_each_limit_holds_without_those_behind_it(arena: Arena) -> None:
    """One hides that another is gone: so the kernel is asked for each."""
    shares_its_user = arena.sandbox.readiness.walls == "landlock and seccomp"
    wanted = {
        "CPU": 3,  # whole seconds, once more for compiling
        "FSIZE": LIMITS.output_bytes + 1,
        "DATA": LIMITS.memory_bytes,
        "AS": LIMITS.memory_bytes + (256 << 20),
        "NOFILE": 64,
        "SIGPENDING": 256,
        "CORE": 1,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
        # Who shares its user with others would be counted with them.
        "NPROC": resource.getrlimit(resource.RLIMIT_NPROC)[1] if shares_its_user else 66,
    }
    _, all_stack = resource.getrlimit(resource.RLIMIT_STACK)
    expected = {name: (most, most) for name, most in wanted.items()} | {"STACK": (64 << 20, all_stack)}

    result = await arena.call(_KERNELS_LIMITS, arg=list(expected), expected=expected)

    assert result.returned == str(expected)


async def test_a_sleeper_meets_the_wall(arena: Arena) -> None:
    result = await arena.script("import time\ntime.sleep(1e6)", limits=replace(LIMITS, cpu_s=60, wall_s=0.3))

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


async def test_children_are_held_to_the_time_of_all_while_their_parent_waits(namespaced: Arena) -> None:
    """Once all are dead, the sum comes to the same verdict: so this asks when they died."""
    code = "import os\nfor _ in range(3):\n    if os.fork() == 0:\n        while True: pass\nos.wait()"

    result = await namespaced.script(code, limits=replace(LIMITS, wall_s=20, processes=4))

    assert (result.outcome, result.limit) == (Outcome.TIME_LIMIT, "cpu")
    assert result.wall_s < 10, result


async def test_what_children_used_is_told_whoever_waited_for_them(namespaced: Arena) -> None:
    code = (
        "import os, time\nours, theirs = os.pipe()\nfor _ in range(2):\n    if os.fork() == 0:\n"
        "        filled = b'x' * (60 << 20)\n        while time.process_time() < 0.2: pass\n"
        "        os._exit(0)\n"
        "os.close(theirs)\nos.read(ours, 1)\n"
    )

    result = await namespaced.script(code, limits=replace(LIMITS, cpu_s=5, wall_s=20, processes=4))

    assert result.outcome is Outcome.ACCEPTED, result
    assert result.cpu_s > 0.4
    assert result.memory_bytes > 60 << 20


async def test_a_program_is_not_charged_for_its_compiling(arena: Arena) -> None:
    takes_a_while = "x = [0]\n" * 20_000
    began = time.process_time()
    compile(takes_a_while, "x", "exec")
    compiling_s = time.process_time() - began
    code = (
        f"{takes_a_while}import time\ndef f(x):\n    began = time.process_time()\n"
        f"    while time.process_time() < began + {1.4 * compiling_s}: pass\n    return x + 1\n"
    )

    result = await arena.call(code, limits=replace(LIMITS, cpu_s=2 * compiling_s, wall_s=20))

    assert result.outcome is Outcome.ACCEPTED, (compiling_s, result)


async def test_a_test_is_not_charged_for_those_before_it(namespaced: Arena) -> None:
    code = "import time\ndef f(x):\n    while time.process_time() < 0.3: pass\n    return x\n"
    cases = tuple(CallCase("f", (x,), {}, x, Equality.JSON) for x in range(3))

    verdict = await namespaced.sandbox.judge.judge(Submission(code, cases, replace(LIMITS, processes=4)))

    assert [test.outcome for test in verdict.tests] == [Outcome.ACCEPTED] * 3, verdict


async def test_where_boxes_have_cgroups_their_memory_is_summed(namespaced: Arena) -> None:
    has_cgroup = namespaced.launcher().walls.cgroup_missing is None

    assert (namespaced.sandbox.readiness.tier >= Tier.T3) is has_cgroup


async def test_a_kill_for_want_of_memory_does_not_explain_a_later_one(arena: Arena) -> None:
    if arena.launcher().walls.cgroup_missing is not None:
        pytest.skip("NEEDS a memory cgroup")
    # Shared memory counts in the cgroup alone.
    code = (
        "import mmap, os\ndef f(x):\n    held = mmap.mmap(-1, 200 << 20)\n"
        "    while x: held.write(bytes(1 << 20))\n    os.kill(os.getpid(), 9)\n"
    )
    cases = tuple(CallCase("f", (x,), {}, None, Equality.JSON) for x in (1, 0, 1))

    verdict = await arena.sandbox.judge.judge(Submission(code, cases, LIMITS))

    outcomes = [test.outcome for test in verdict.tests]
    assert outcomes == [Outcome.MEMORY_LIMIT, Outcome.RUNTIME_ERROR, Outcome.MEMORY_LIMIT]


async def test_nor_do_several_kills_of_one_test(namespaced: Arena) -> None:
    if namespaced.launcher().walls.cgroup_missing is not None:
        pytest.skip("NEEDS a memory cgroup")
    code = (
        "import mmap, os\ndef fill():\n    held = mmap.mmap(-1, 200 << 20)\n"
        "    while True: held.write(bytes(1 << 20))\n"
        "def f(x):\n    for _ in range(x):\n        if os.fork() == 0: fill()\n        os.wait()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    cases = tuple(CallCase("f", (x,), {}, None, Equality.JSON) for x in (3, 0))

    verdict = await namespaced.sandbox.judge.judge(Submission(code, cases, replace(LIMITS, processes=4)))

    assert [test.outcome for test in verdict.tests] == [Outcome.MEMORY_LIMIT, Outcome.RUNTIME_ERROR]


async def test_a_request_that_fails_harms_no_other(arena: Arena) -> None:
    launcher = arena.launcher()

    with pytest.raises(LauncherError, match="KeyError"):
        await launcher._ask({"op": "close"})  # noqa: SLF001

    assert launcher.usable
    await arena.assert_unharmed()
    assert arena.launcher() is launcher


async def test_a_question_about_a_closed_box_harms_no_other(arena: Arena) -> None:
    launcher = arena.launcher()

    assert await launcher.oom_kills(10**9) == 0
    assert launcher.usable
    await arena.assert_unharmed()


@pytest.mark.parametrize("size", [2_000_000, 5_000_000])
async def test_arguments_beyond_the_memory_are_a_limit_of_that_test_alone(arena: Arena, size: int) -> None:
    limits = replace(LIMITS, cpu_s=10.0, wall_s=30.0, memory_bytes=64 << 20)
    arguments: tuple[object, ...] = ([[]] * size, 3)
    cases = tuple(CallCase("f", (x,), {}, 4, Equality.JSON) for x in arguments)

    verdict = await arena.sandbox.judge.judge(Submission("def f(x): return 4", cases, limits))

    assert [test.outcome for test in verdict.tests] == [Outcome.MEMORY_LIMIT, Outcome.ACCEPTED]


@pytest.mark.parametrize("status", [1, 125])
async def test_no_status_of_a_program_is_taken_for_a_fault_of_ours(arena: Arena, status: int) -> None:
    result = await arena.script(f"import os\nos._exit({status})")

    assert (result.outcome, result.exit_code) == (Outcome.RUNTIME_ERROR, status)


@contextmanager
def _descriptors(spare: int) -> Iterator[None]:
    """Leave so many to this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    last, newest = max(map(int, os.listdir("/proc/self/fd"))), -1  # noqa: PTH208
    with ExitStack() as held:
        while newest < last:  # the gaps too
            newest = os.open(os.devnull, os.O_RDONLY)
            held.callback(os.close, newest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (newest + 1 + spare, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("spare", range(12))
async def test_a_lack_of_descriptors_is_no_verdict_and_takes_none(arena: Arena, spare: int) -> None:
    cases = tuple(CallCase("f", (x,), {}, x + 1, Equality.JSON) for x in range(3))
    before = Traces.of(arena.launcher())

    with _descriptors(spare):
        verdict = await arena.sandbox.judge.judge(Submission(HONEST, cases, LIMITS))

    assert {test.outcome for test in verdict.tests} <= {Outcome.ACCEPTED, Outcome.INTERNAL_ERROR}
    await arena.assert_unharmed()
    assert Traces.of(arena.launcher()).differences(before) == []
