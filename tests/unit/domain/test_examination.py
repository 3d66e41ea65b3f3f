"""A program that loops in many tests has a verdict before time is up."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from service.domain import examination
from service.domain.bench import rule
from service.domain.chat import Sampling
from service.domain.examination import examined
from service.domain.judge import Judge
from service.domain.refinement import Budget
from service.domain.roles import ChatCritic
from service.domain.rules import Rules
from service.domain.ruling import Case, Mode
from service.domain.task import Candidate, Task
from service.domain.verdict import Outcome, Verdict
from tests.fakes import TESTED, FakeChatModel, ScriptedSandbox, Stage, codes, verdict_of

LOOPS = verdict_of(0, 2, Outcome.TIME_LIMIT)
PROGRAM = Candidate("while True: pass")


@dataclass
class LoopingSandbox(ScriptedSandbox):
    """All the tests take for ever, the first one does not."""

    cancelled: int = 0

    async def judge(self, task: Task, candidate: Candidate, **options: Any) -> Verdict:
        if not options.get("stop_on_first_fail"):
            self.stops_seen.append(False)
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled += 1
        return await super().judge(task, candidate, **options)


async def _examined(sandbox: ScriptedSandbox, left_s: float | None) -> Verdict:
    deadline = None if left_s is None else asyncio.get_running_loop().time() + left_s
    async with asyncio.timeout_at(deadline):
        return await examined(sandbox, TESTED, PROGRAM, deadline)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reserve of any length will do."""
    monkeypatch.setattr(examination, "ENOUGH_S", 0.0)


@pytest.mark.usefixtures("hurried")
async def test_what_loops_in_every_test_is_known_by_the_first() -> None:
    sandbox = LoopingSandbox({PROGRAM.code: LOOPS})

    assert await _examined(sandbox, 2.0) == LOOPS
    assert (sandbox.stops_seen, sandbox.cancelled) == ([False, True], 1)


@pytest.mark.usefixtures("hurried")
async def test_a_judging_says_of_what_loops_that_it_is_wrong() -> None:
    sandbox = LoopingSandbox({PROGRAM.code: LOOPS})
    judge = Judge(ChatCritic(FakeChatModel([])), sandbox, Sampling(), Mode.EXEC, seconds=2.0)

    (ruling,) = await rule(judge, [Case(TESTED, PROGRAM)])

    assert (ruling.verdict, ruling.score, ruling.error) == (LOOPS, 0.0, None)


@pytest.mark.usefixtures("hurried")
async def test_a_refinement_goes_on_from_what_loops() -> None:
    stage = Stage([PROGRAM.code, "b"], good=("b",), task=TESTED, rules=Rules(Budget(seconds=4.0)))
    stage.sandbox = LoopingSandbox({PROGRAM.code: LOOPS})

    refinement = await stage.run()

    assert refinement.rounds[0].verdict == LOOPS
    assert codes(refinement)[1:] == ["b"]


@pytest.mark.parametrize("left_s", [None, 60.0, 1000.0])
async def test_all_tests_are_run_where_there_is_time(left_s: float | None) -> None:
    sandbox = ScriptedSandbox({PROGRAM.code: LOOPS})

    assert await _examined(sandbox, left_s) == LOOPS
    assert sandbox.stops_seen == [False]


async def test_a_reserve_that_is_too_short_for_a_looping_test_is_left_to_all_of_them() -> None:
    sandbox = LoopingSandbox()

    with pytest.raises(TimeoutError):
        await _examined(sandbox, 0.2)
    assert sandbox.stops_seen == [False]


@pytest.mark.usefixtures("hurried")
async def test_a_sandbox_that_times_out_by_itself_is_a_fault_of_ours() -> None:
    class Buggy(ScriptedSandbox):
        async def judge(self, task: Task, candidate: Candidate, **options: Any) -> Verdict:
            self.stops_seen.append(bool(options))
            raise TimeoutError

    sandbox = Buggy()
    with pytest.raises(TimeoutError):
        await _examined(sandbox, 60.0)
    assert sandbox.stops_seen == [False]
