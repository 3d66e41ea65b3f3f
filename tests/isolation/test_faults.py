"""Parts of the sandbox are killed under honest and hostile programs: nobody gets a verdict that is wrong."""

import asyncio
import itertools
import os
import signal
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from sandbox_runner.boxes import box, launcher
from sandbox_runner.domain.cases import CallCase, Case, CodeCase, Submission
from sandbox_runner.domain.comparison import Equality
from sandbox_runner.domain.verdict import Limits, Outcome, TestResult
from sandbox_runner.sandbox import open_sandbox
from sandbox_runner.settings import Settings
from tests.isolation.conftest import LIMITS, Arena
from tests.isolation.invariants import Traces, cgroups_named, children_of
from tests.isolation.sabotage import Part, Saboteur, programs_of

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]

_SUBMISSIONS = 200
_AT_ONCE = 10
_EVERY = 8  # submissions between two strikes
_TRIES = 3
_NAP = "import os, time\ndef f(x):\n    time.sleep(0.03)\n    "
_CALL = CallCase("f", (3,), {}, 4, Equality.JSON)
_CODE = CodeCase("got = f(3)\nassert got == 4\n")
_LONG = replace(LIMITS, cpu_s=3.0, wall_s=10.0)
_FULL = (
    "try:\n        for n in range(99): open(f'/tmp/attack{n}', 'wb').write(bytes(1 << 20))\n"
    "    except OSError: time.sleep(0.02)\n    return x + 1"
)
_FORKS = (
    "try:\n        while True:\n            if os.fork() == 0: time.sleep(9)\n"
    "    except OSError: time.sleep(0.02)\n    return x + 1"
)


@dataclass(frozen=True, slots=True)
class _Entry:
    code: str
    case: Case
    right: Outcome
    limits: Limits = _LONG
    isolated: bool = False


_ENTRIES = (
    _Entry(f"{_NAP}return x + 1", _CALL, Outcome.ACCEPTED),
    _Entry(f"{_NAP}return x", _CALL, Outcome.WRONG_ANSWER),
    _Entry(f"{_NAP}return x + 1", _CODE, Outcome.ACCEPTED),
    _Entry(f"{_NAP}return x", _CODE, Outcome.WRONG_ANSWER),
    _Entry(f"{_NAP}raise ValueError", _CALL, Outcome.RUNTIME_ERROR),
    _Entry(f"{_NAP}os._exit(0)", _CALL, Outcome.NO_RESULT),
    _Entry(_NAP + _FULL, _CALL, Outcome.ACCEPTED, isolated=True),
    _Entry(_NAP + _FORKS, _CALL, Outcome.ACCEPTED, replace(_LONG, processes=32), isolated=True),
)


async def _storm(arena: Arena, saboteur: Saboteur) -> list[tuple[_Entry, TestResult]]:
    entries = itertools.cycle(each for each in _ENTRIES if arena.isolated or not each.isolated)
    waiting = iter(list(itertools.islice(entries, _SUBMISSIONS)))
    judged: list[tuple[_Entry, TestResult]] = []

    async def work() -> None:
        for entry in waiting:
            submission = Submission(entry.code, (entry.case,), entry.limits)
            judged.append((entry, (await arena.sandbox.judge.judge(submission)).tests[0]))
            if len(judged) % _EVERY == 0:
                await saboteur.strike()

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())
    return judged


def _was_killed(result: TestResult) -> bool:
    """A program that is killed from outside cannot be told from one that kills itself."""
    return (result.outcome, result.signal) == (Outcome.RUNTIME_ERROR, "SIGKILL")


async def _until_unharmed(arena: Arena) -> list[str]:
    harm: list[str] = []
    for _ in range(_TRIES):
        harm = await arena.harm()
        if not harm:
            break
    return harm


@pytest.mark.parametrize("namespaces", [True, False], ids=["strongest", "no-namespaces"])
async def test_kills_under_load_cost_nobody_a_wrong_verdict(*, namespaces: bool) -> None:
    async with open_sandbox(Settings(namespaces=namespaces)) as sandbox:
        arena = Arena(sandbox)
        saboteur = Saboteur(arena)
        files = Traces.of(arena.launcher()).files
        judged = await _storm(arena, saboteur)

        false = [(entry.right, result) for entry, result in judged if result.outcome is not entry.right]
        unexplained = [each for each in false if each[1].outcome is not Outcome.INTERNAL_ERROR]
        assert len(judged) == _SUBMISSIONS
        assert [each for each in unexplained if not _was_killed(each[1])] == []
        assert len(unexplained) <= saboteur.struck[Part.TEST]
        assert set(saboteur.struck) == set(Part), saboteur.struck
        assert Counter(result.outcome for _, result in judged)[Outcome.ACCEPTED] > _SUBMISSIONS / 4
        assert await _until_unharmed(arena) == []
        await _assert_nothing_is_left(arena)
        assert Traces.of(arena.launcher()).files == files
    async with open_sandbox(Settings(namespaces=namespaces)) as sandbox:  # which sweeps
        await Arena(sandbox).assert_unharmed()
        assert [path for pid in saboteur.dead_launchers for path in cgroups_named(pid)] == []


async def _assert_nothing_is_left(arena: Arena) -> None:
    assert arena.sandbox.launchers is not None
    launchers = arena.sandbox.launchers.all
    before = [Traces.of(each) for each in launchers]
    assert [(each.processes, each.cgroups) for each in before] == [(frozenset(), frozenset())] * len(before)
    await arena.assert_unharmed()
    after = [Traces.of(each) for each in launchers]
    assert [new.differences(old) for new, old in zip(after, before, strict=True)] == [[]] * len(before)


def _struck(arena: Arena, number: int) -> bool:
    """Signal the test that runs at this moment, if one does."""
    running = programs_of(arena.launcher().pid)
    for test in running:
        os.kill(test, number)
    return bool(running)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
async def test_a_program_whose_compiling_is_ended_from_outside_is_no_wrong_one(number: int) -> None:
    """It waits for nothing and kills nobody: what is late without having computed was kept from it."""
    async with open_sandbox(Settings()) as sandbox:
        arena = Arena(sandbox)
        takes_a_while = "x = [0]\n" * 30_000 + "def f(x):\n    return x + 1\n"
        running = asyncio.ensure_future(arena.call(takes_a_while, limits=replace(_LONG, wall_s=4.0)))
        while not running.done():
            await asyncio.sleep(0.005)
            if _struck(arena, number):
                break

        assert (await running).outcome is Outcome.ACCEPTED
        await arena.assert_unharmed()


@pytest.mark.parametrize("part", Part)
async def test_a_program_that_meets_one_kill_is_judged_right(part: Part) -> None:
    """Only where its own process is killed does it look as if it had killed itself."""
    async with open_sandbox(Settings()) as sandbox:
        arena = Arena(sandbox)
        saboteur = Saboteur(arena)
        running = asyncio.ensure_future(arena.call(f"{_NAP}time.sleep(0.3)\n    return 4"))
        while not saboteur.struck[part] and not running.done():
            await asyncio.sleep(0.01)
            saboteur.strike_at(part)

        result = await running
        assert saboteur.struck[part] == 1
        if part is Part.TEST:
            assert _was_killed(result), result
        else:
            assert result.outcome is Outcome.ACCEPTED, result
        await arena.assert_unharmed()


async def test_a_launcher_that_hangs_costs_nobody_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, seconds in (
        (box, "_GRACE_S", 0.5),
        (launcher, "_ANSWER_S", 1),
        (launcher, "_STOP_S", 0.2),
    ):
        monkeypatch.setattr(module, name, seconds)
    async with open_sandbox(Settings()) as sandbox:
        arena = Arena(sandbox)
        hanging = arena.launcher()
        os.kill(hanging.pid, signal.SIGSTOP)

        result = await arena.call("def f(x):\n    return x + 1", limits=replace(LIMITS, wall_s=0.5))

        assert result.outcome is Outcome.ACCEPTED, result
        assert hanging.pid not in children_of(os.getpid())
        monkeypatch.undo()
        await _assert_nothing_is_left(arena)
