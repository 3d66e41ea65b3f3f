"""The service itself: its failures are not the program's, and it leaves nothing behind."""

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from sandbox_runner.app import create_app
from sandbox_runner.boxes.box import BoxError
from sandbox_runner.boxes.launchers import Launchers
from sandbox_runner.boxes.runtimes import Runtime
from sandbox_runner.domain.cases import CallCase, StdinCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Outcome, Tier
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from sandbox_runner.tiers.selftest import TierTooLowError
from tests.isolation.conftest import HONEST, LIMITS, Arena
from tests.isolation.invariants import cgroups_named

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]


async def test_ten_tests_run_in_order_and_stop_at_the_first_failure(arena: Arena) -> None:
    cases = tuple(CallCase("f", (n,), {}, 3 if n == 4 else n + 1, Equality.JSON) for n in range(10))

    every = await arena.sandbox.judge.judge(Submission(HONEST, cases, LIMITS))
    first = await arena.sandbox.judge.judge(Submission(HONEST, cases, LIMITS, stop_on_first_fail=True))

    assert (every.outcome, every.passed, every.total, len(every.tests)) == (Outcome.WRONG_ANSWER, 9, 10, 10)
    assert (first.passed, first.total, len(first.tests)) == (4, 10, 5)


async def test_a_runtime_error_says_where_and_shows_no_frame_of_ours(arena: Arena) -> None:
    result = await arena.call("def g(x):\n    return [1][x]\ndef f(x):\n    return g(x)\n")

    assert result.message == "IndexError: list index out of range\nsolution.py line 2: return [1][x]"
    assert result.stderr.startswith(
        'Traceback (most recent call last):\n  File "solution.py", line 4, in f\n'
    )
    assert "sandbox_runner" not in result.stderr


async def test_a_syntax_error_is_a_compile_error_with_its_line(arena: Arena) -> None:
    result = await arena.call("def f(x):\n    retrun x\n")

    assert result.outcome is Outcome.COMPILE_ERROR
    assert result.message == "SyntaxError: invalid syntax\nsolution.py line 2: retrun x"


@pytest.mark.parametrize(
    "code",
    [
        "print(input())",
        "import sys\nprint(sys.stdin.read().strip())",
        "print(open(0).read().strip())",
        "print(open('/dev/stdin').read().strip())",
        "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.readline())",
        "import os\nos.write(1, os.read(0, 100))",
        "out = open(1, 'w')\nout.write(input())",
        "import atexit\natexit.register(lambda: print(input()))",
        "import threading as t\nt.stack_size(1 << 26)\nt.Thread(target=lambda: print(input())).start()",
        "import asyncio\nasync def main(): print(input())\nasyncio.run(main())",
        "if __name__ == '__main__': print(input())",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: str\nprint(A(input()).x)",
        "import sys\nprint(input())\nsys.exit()",
        "import os\nprint(input(), flush=True)\nos._exit(0)",
        "import sqlite3, hashlib, zlib, lzma, ssl, json\nprint(input())",
    ],
)
async def test_an_honest_way_to_read_and_print_works(arena: Arena, code: str) -> None:
    submission = Submission(code, (StdinCase("hëllo\n", "hëllo\n"),), LIMITS)

    result = (await arena.sandbox.judge.judge(submission)).tests[0]

    assert result.outcome is Outcome.ACCEPTED, result


async def test_many_submissions_at_once_do_not_mix(arena: Arena) -> None:
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(arena.call(HONEST, arg=n, expected=n + 1)) for n in range(12)]

    assert {each.result().outcome for each in running} == {Outcome.ACCEPTED}
    assert arena.processes_left() == []


async def test_a_cancelled_submission_leaves_nothing_behind(arena: Arena) -> None:
    running = asyncio.ensure_future(arena.call("def f(x):\n    while True: pass\n", limits=LIMITS))
    await asyncio.sleep(0.15)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    await arena.assert_unharmed()
    assert (arena.launcher().leaked_processes, arena.launcher().leaked_cgroups) == (0, 0)


async def test_a_launcher_that_is_killed_costs_nobody_a_wrong_answer() -> None:
    async with open_sandbox(Settings()) as sandbox:
        arena = Arena(sandbox)
        assert sandbox.launchers is not None
        doomed = await sandbox.launchers.get()
        running = asyncio.ensure_future(
            arena.call("import time\ndef f(x):\n    time.sleep(0.4)\n    return 4\n")
        )
        await asyncio.sleep(0.15)
        os.kill(doomed.pid, signal.SIGKILL)

        assert (await running).outcome is Outcome.ACCEPTED
        await arena.assert_unharmed()


async def test_after_the_service_no_process_cgroup_or_mount_is_left() -> None:
    mounts = _mounts()
    async with open_sandbox(Settings()) as sandbox:
        assert sandbox.launchers is not None
        launcher = (await sandbox.launchers.get()).pid

    assert _traces_of(launcher) == []
    assert _mounts() == mounts


def _mounts() -> str:
    return Path("/proc/self/mounts").read_text()


def _traces_of(launcher: int) -> list[Path]:
    process = Path(f"/proc/{launcher}")
    return [*([process] if process.exists() else []), *cgroups_named(launcher)]


async def test_below_the_demanded_tier_it_refuses_and_names_the_remedy() -> None:
    with pytest.raises(
        TierTooLowError, match=r"(?s)reached tier T1.*host files are invisible.*remedy: .*namespaces"
    ):
        async with open_sandbox(Settings(namespaces=False, min_tier=Tier.T2)):
            pytest.fail("it served")


async def test_the_whole_service_judges_over_http() -> None:
    app = create_app(Settings())
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            started = time.monotonic()
            body = {"code": HONEST, "tests": [{"assert": "assert f(3) == 4"}, {"assert": "assert f(3) == 5"}]}
            verdict = (await client.post("/judge", json=body)).json()["verdict"]
            ready = (await client.get("/ready")).json()

    assert [test["outcome"] for test in verdict["tests"]] == ["accepted", "wrong_answer"]
    assert verdict["tests"][1]["returned"] == "4"
    assert ready["ready"]
    assert time.monotonic() - started < 5


async def test_a_runtime_with_weaker_walls_than_those_examined_is_refused() -> None:
    async with Launchers("", namespaces=False) as launchers:
        weaker = (await launchers.get()).walls
    async with Launchers("", namespaces=True) as launchers:
        stronger = (await launchers.get()).walls
        if stronger.equal(weaker):
            pytest.skip("needs namespaces")
        launchers._namespaces = False  # noqa: SLF001 - as if the machine had changed
        with pytest.raises(BoxError, match="were examined"):
            await launchers.get(Runtime("another"))
