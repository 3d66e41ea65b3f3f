"""Boxes of one test: the launcher makes and watches them, and others where this machine does not allow it."""

import asyncio
import itertools
import os
import resource
import select
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox_runner.boxes.box import Box, BoxError, script
from sandbox_runner.boxes.places import Setup
from sandbox_runner.domain.verdict import Outcome
from sandbox_runner.jail.filesystem import FIRST_PROCESS
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from tests.isolation.conftest import HONEST, LIMITS, Arena
from tests.isolation.invariants import Traces, cgroups_named, children_of, descendants_of
from tests.isolation.sabotage import programs_of

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_MANY = 40
_LONG = replace(LIMITS, cpu_s=5.0, wall_s=20.0)
_WITHOUT_A_WAY_BACK = """
import asyncio
from sandbox_runner.jail import bpf, libc, seccomp
from sandbox_runner.jail.syscalls import numbers
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from tests.isolation.conftest import HONEST, Arena

async def main():
    async with open_sandbox(Settings()) as sandbox:
        arena = Arena(sandbox)
        result = await arena.call(HONEST)
        launcher = arena.launcher()
        print(launcher.walls.once, result.outcome, launcher.leaked_processes, arena.processes_left())

libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
seccomp.TestFilter(b"".join(bpf.dispatch({numbers()["setns"]: bpf.refuse()}, {}))).install()
asyncio.run(main())
"""


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


async def _settled(arena: Arena) -> list[int]:
    """The processes that run programs, once one does."""
    for _ in range(400):
        if found := programs_of(arena.launcher().pid):
            return found
        await asyncio.sleep(0.01)
    return []


def _firsts(launcher: int) -> list[int]:
    """Those that wait: what begins is a fork of the launcher and has its name, as a box on its way has."""
    return [pid for pid in children_of(launcher) if _name_of(pid) == Path(FIRST_PROCESS).name]


def _name_of(pid: int) -> str | None:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return None


async def test_one_test_is_a_fork_of_the_launcher(arena: Arena) -> None:
    running = asyncio.ensure_future(
        arena.call("import time\ndef f(x): time.sleep(0.5); return 4", limits=_LONG)
    )
    (program,) = await _settled(arena)
    family = descendants_of(arena.launcher().pid)

    assert len(family) == 1 + arena.isolated
    assert os.getsid(program) == program
    assert (await running).outcome is Outcome.ACCEPTED
    assert arena.processes_left() == []


@pytest.mark.parametrize("tests", [1, 2])
async def test_a_thread_signals_the_main_one(arena: Arena, tests: int) -> None:
    """The C library does it by a number that it has from the launcher, and that must be the test's own."""
    code = (
        "import signal, threading, time\nheard = []\n"
        "signal.signal(signal.SIGUSR1, lambda *_: heard.append(4))\n"
        "def ring(): signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)\n"
        "def f(x):\n    threading.Thread(target=ring).start()\n"
        "    while not heard: time.sleep(0.01)\n    return heard[0]\n"
    )

    assert (await arena.call(code, limits=_LONG, tests=tests)).outcome is Outcome.ACCEPTED


async def test_a_first_process_has_nothing_of_other_boxes(namespaced: Arena) -> None:
    """Whose channels would else seem open after their end."""
    code = "import time\ndef f(x): time.sleep(2); return 4"
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(namespaced.call(code, limits=_LONG)) for _ in range(3)]
        while len(firsts := _firsts(namespaced.launcher().pid)) < 2:
            assert not all(each.done() for each in running)
            await asyncio.sleep(0.01)
        held = [sorted(map(int, os.listdir(f"/proc/{pid}/fd"))) for pid in firsts]  # noqa: PTH208

    assert held == [[0, 1, 2]] * len(firsts)
    assert {each.result().outcome for each in running} == {Outcome.ACCEPTED}


async def test_more_boxes_than_a_test_may_have_descriptors(arena: Arena) -> None:
    """The launcher holds some for each, and a place among them is that of the alarm."""
    launcher, setup = arena.launcher(), Setup("python", _LONG, _LONG, once=True)
    boxes = [
        await Box.open(launcher, setup, f"import time\ntime.sleep(0.3)\nprint({n})") for n in range(_MANY)
    ]
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(box.run(script(""))) for box in boxes]
        traces = [each.result() for each in running]
    finally:
        for box in boxes:
            await box.close()

    assert [trace.output.stdout for trace in traces] == [f"{n}\n".encode() for n in range(_MANY)]
    assert {trace.ending.status for trace in traces} == {0}
    assert arena.processes_left() == []


async def test_each_is_ended_at_its_own_limit(arena: Arena) -> None:
    boxes, before = [], Traces.of(arena.launcher())
    for limits in (replace(_LONG, wall_s=0.3), replace(_LONG, cpu_s=100.0, wall_s=200.0)):
        setup = Setup("python", limits, limits, once=True)
        boxes.append(await Box.open(arena.launcher(), setup, "import time\ntime.sleep(99)"))
    short, long = (asyncio.ensure_future(box.run(script(""))) for box in boxes)
    ending = (await short).ending
    await boxes[1].hang_up()
    lost = (await long).lost
    for box in boxes:
        await box.close()

    assert ending.stopped == "wall"
    assert lost
    assert Traces.of(arena.launcher()).differences(before) == []


@pytest.mark.parametrize("once", [True, False])
async def test_why_there_is_no_box_is_told_in_its_place(namespaced: Arena, *, once: bool) -> None:
    launcher = namespaced.launcher()
    if launcher.walls.cgroup_missing is not None:
        pytest.skip(f"NEEDS A CGROUP: {launcher.walls.cgroup_missing}")
    limits = replace(LIMITS, processes=-99)  # which is no number of tasks
    before = Traces.of(launcher)
    box = await Box.open(launcher, Setup("python", limits, limits, once=once), HONEST)
    with pytest.raises(BoxError, match="OSError"):
        await box.run(script(""))
    await box.close()

    assert Traces.of(launcher).differences(before) == []
    assert await namespaced.harm() == []


async def test_why_there_is_no_box_may_interest_nobody(namespaced: Arena) -> None:
    launcher = namespaced.launcher()
    if launcher.walls.cgroup_missing is not None:
        pytest.skip(f"NEEDS A CGROUP: {launcher.walls.cgroup_missing}")
    limits = replace(LIMITS, processes=-99)
    os.kill(launcher.pid, signal.SIGSTOP)
    try:
        box = await Box.open(launcher, Setup("python", limits, limits, once=True), HONEST)
        closing = asyncio.ensure_future(box.close())
        await asyncio.sleep(0)  # hangs up
    finally:
        os.kill(launcher.pid, signal.SIGCONT)
    await closing

    assert await namespaced.harm() == []
    assert namespaced.launcher() is launcher


async def test_a_launcher_that_is_sent_what_it_cannot_hold_goes_on() -> None:
    async with open_sandbox(Settings(namespaces=False)) as sandbox:  # a launcher without a child that serves
        arena = Arena(sandbox)
        launcher, setup = arena.launcher(), Setup("python", _LONG, _LONG, once=True)
        held = set(map(int, os.listdir(f"/proc/{launcher.pid}/fd")))  # noqa: PTH208
        free = next(number for number in itertools.count() if number not in held)
        bounds = resource.prlimit(launcher.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(launcher.pid, resource.RLIMIT_NOFILE, (free, bounds[1]))
        box = await Box.open(launcher, setup, HONEST)
        with pytest.raises(BoxError):
            await box.run(script(""))
        resource.prlimit(launcher.pid, resource.RLIMIT_NOFILE, bounds)
        await box.close()

        await arena.assert_unharmed()
        assert arena.launcher() is launcher


@pytest.mark.parametrize("tests", [1, 2])
async def test_a_cgroup_that_stays_is_counted(tests: int) -> None:
    async with open_sandbox(Settings()) as sandbox:
        arena = Arena(sandbox)
        launcher = arena.launcher()
        if launcher.walls.cgroup_missing is not None:
            pytest.skip(f"NEEDS A CGROUP: {launcher.walls.cgroup_missing}")
        running = asyncio.ensure_future(
            arena.call("import time\ndef f(x): time.sleep(0.5); return 4", limits=_LONG, tests=tests)
        )
        await _settled(arena)
        kept = [leaf / "kept" for each in cgroups_named(launcher.pid) for leaf in each.glob("box-*")]
        for directory in kept:
            directory.mkdir()
        outcome = (await running).outcome
        for directory in kept:
            directory.rmdir()
            directory.parent.rmdir()

        assert outcome is Outcome.ACCEPTED
        assert kept != []
        assert (launcher.leaked_cgroups, launcher.leaked_processes) == (len(kept), 0)
    assert cgroups_named(launcher.pid) == []


@pytest.mark.parametrize("once", [True, False])
async def test_a_launcher_that_stops_takes_its_boxes_along(*, once: bool) -> None:
    async with open_sandbox(Settings()) as sandbox:
        arena = Arena(sandbox)
        launcher, setup = arena.launcher(), Setup("python", _LONG, _LONG, once=once)
        box = await Box.open(launcher, setup, "import time\ntime.sleep(99)")
        running = asyncio.ensure_future(box.run(script("")))
        family = await _settled(arena)
    with pytest.raises(BoxError):
        await running
    await box.close()

    assert family != []
    assert descendants_of(launcher.pid) == []
    assert cgroups_named(launcher.pid) == []


async def test_one_whose_launcher_is_killed_ends_with_it() -> None:
    async with open_sandbox(Settings()) as sandbox:
        arena = Arena(sandbox)
        running = asyncio.ensure_future(arena.call("def f(x):\n    while True: pass", limits=_LONG))
        await _settled(arena)
        family = descendants_of(arena.launcher().pid)
        watched = [os.pidfd_open(pid) for pid in family]
        os.kill(arena.launcher().pid, signal.SIGKILL)
        ended = await asyncio.to_thread(lambda: [select.select([each], [], [], 10)[0] for each in watched])
        running.cancel()

        assert ended == [[each] for each in watched]
        for each in watched:
            os.close(each)


async def test_where_the_launcher_may_not_make_them_it_makes_others(namespaced: Arena) -> None:
    made = await asyncio.to_thread(_run, [sys.executable, "-c", _WITHOUT_A_WAY_BACK])

    assert namespaced.launcher().walls.once
    assert made.stdout.splitlines()[-1:] == ["False accepted 0 []"], made
