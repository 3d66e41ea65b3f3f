"""Ruling on cases: what decides in each mode, what a failure leaves, and what is asked of whom."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from service.domain.bench import rule, spent
from service.domain.chat import Completion, Message, Sampling
from service.domain.critique import Judgment
from service.domain.errors import (
    CriticError,
    DeadlineError,
    ModelError,
    RequestError,
    SandboxError,
    ServiceError,
)
from service.domain.judge import Judge
from service.domain.roles import ChatCritic
from service.domain.ruling import Basis, Case, Mode, Ruling, Status, Tally
from service.domain.task import CallTest, Candidate, Task
from service.domain.templates import PROMPTED_CRITIC_TEMPLATE
from service.domain.verdict import Outcome, TestRun, Verdict
from tests.fakes import (
    CORRECT,
    INCORRECT,
    TESTED,
    FakeChatModel,
    ReadingChatModel,
    ScriptedSandbox,
    verdict_of,
)

GOOD, BAD = "print(int(input()) + 1)", "print(input())"
UNTESTED = replace(TESTED, tests=())


def _praising(messages: Sequence[Message]) -> str:
    return CORRECT if GOOD in messages[-1].content else INCORRECT


@dataclass
class Court:
    """A judge of fakes: by default the critic knows the good program, and only it passes the tests."""

    model: FakeChatModel = field(default_factory=lambda: ReadingChatModel(reader=_praising))
    sandbox: ScriptedSandbox = field(default_factory=lambda: ScriptedSandbox({GOOD: verdict_of(2, 2)}))
    seconds: float = 5.0

    def judge(self, mode: Mode, **changes: Any) -> Judge:
        critic = ChatCritic(self.model, PROMPTED_CRITIC_TEMPLATE)
        return Judge(critic, self.sandbox, Sampling(seed=0), mode, seconds=self.seconds, **changes)

    async def rulings(
        self, mode: Mode, codes: Sequence[str], task: Task = TESTED, **changes: int
    ) -> list[Ruling]:
        return await rule(self.judge(mode, **changes), [Case(task, Candidate(code)) for code in codes])


async def test_tests_alone_decide_without_the_critic() -> None:
    court = Court()

    good, bad = await court.rulings(Mode.EXEC, [GOOD, BAD])

    assert (good.score, good.judgment, good.basis) == (1.0, Judgment.CORRECT, Basis.TESTS)
    assert (bad.score, bad.judgment, bad.basis) == (0.0, Judgment.INCORRECT, Basis.TESTS)
    assert court.model.conversations == []


async def test_tests_alone_cannot_judge_without_tests() -> None:
    (ruling,) = await Court().rulings(Mode.EXEC, [GOOD], UNTESTED)

    assert (ruling.status, ruling.score) == (Status.ERROR, None)
    assert isinstance(ruling.error, RequestError)


async def test_a_failed_test_decides_before_the_critic_is_asked() -> None:
    court = Court(ReadingChatModel(reader=lambda _: CORRECT))

    good, bad = await court.rulings(Mode.HYBRID, [GOOD, BAD])

    assert (bad.score, bad.basis, bad.verdict) == (0.0, Basis.TESTS, verdict_of(0, 2))
    assert (good.score, good.basis) == (1.0, Basis.CRITIC)
    assert len(court.model.conversations) == 1


async def test_passed_tests_leave_the_word_to_the_critic() -> None:
    court = Court(ReadingChatModel(reader=lambda _: INCORRECT))

    (ruling,) = await court.rulings(Mode.HYBRID, [GOOD])

    assert (ruling.score, ruling.basis, ruling.verdict) == (0.0, Basis.CRITIC, verdict_of(2, 2))


async def test_the_critic_alone_decides_whatever_the_tests_say() -> None:
    (ruling,) = await Court(FakeChatModel([CORRECT])).rulings(Mode.CRITIQUE, [BAD])

    assert (ruling.score, ruling.basis, ruling.verdict) == (1.0, Basis.CRITIC, verdict_of(0, 2))


async def test_without_tests_the_hybrid_is_the_critic() -> None:
    (ruling,) = await Court().rulings(Mode.HYBRID, [GOOD], UNTESTED)

    assert (ruling.score, ruling.basis, ruling.verdict) == (1.0, Basis.CRITIC, None)


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_dead_sandbox_is_an_error_in_every_mode(mode: Mode) -> None:
    court = Court(sandbox=ScriptedSandbox(fault=SandboxError("gone")))

    for ruling in await court.rulings(mode, [GOOD, BAD]):
        assert (ruling.status, ruling.score) == (Status.ERROR, None)
        assert isinstance(ruling.error, SandboxError)


@pytest.mark.parametrize("mode", [Mode.CRITIQUE, Mode.HYBRID, Mode.PAIRWISE])
async def test_a_dead_critic_is_an_error_that_leaves_the_verdict(mode: Mode) -> None:
    court = Court(FakeChatModel([""], fault=ModelError("gone")))
    court.sandbox.verdicts = {GOOD: verdict_of(2, 2), BAD: verdict_of(2, 2)}

    for ruling in await court.rulings(mode, [GOOD, BAD]):
        assert (ruling.status, ruling.score) == (Status.ERROR, None)
        assert isinstance(ruling.error, CriticError)
        assert ruling.verdict == verdict_of(2, 2)


@pytest.mark.parametrize("mode", list(Mode))
async def test_what_is_no_program_never_reaches_the_critic(mode: Mode) -> None:
    court = Court()

    for ruling in await court.rulings(mode, ["", ":", "Let's solve this step by step.", "# fine"]):
        assert (ruling.score, ruling.judgment) == (0.0, Judgment.INCORRECT)
    assert court.model.conversations == []


async def test_what_is_no_program_is_not_judged_by_a_dead_sandbox_either() -> None:
    court = Court(sandbox=ScriptedSandbox(fault=SandboxError("gone")))

    for ruling in await court.rulings(Mode.PAIRWISE, [":", "# fine"]):
        assert (ruling.status, ruling.score) == (Status.ERROR, None)


async def test_a_part_that_times_out_by_itself_is_a_fault_of_ours() -> None:
    court = Court(sandbox=ScriptedSandbox(fault=cast(ServiceError, TimeoutError())))

    with pytest.raises(ExceptionGroup) as crash:
        await court.rulings(Mode.EXEC, [GOOD])
    assert crash.group_contains(TimeoutError)


async def test_equal_cases_are_judged_once_and_paid_for_once() -> None:
    court = Court()
    other = replace(TESTED, problem="Add two.")
    cases = [Case(TESTED, Candidate(GOOD)), Case(other, Candidate(GOOD)), Case(TESTED, Candidate(GOOD))]

    rulings = await rule(court.judge(Mode.CRITIQUE), cases)

    assert rulings[0] is rulings[2]
    assert len(court.model.conversations) == 2
    assert (spent(cases, rulings).critic_calls, spent(cases, rulings).sandbox_runs) == (2, 2)


def test_tests_that_python_takes_for_equal_are_different_tasks() -> None:
    one, other = (Task("p", "f", (CallTest((value,), [value]),)) for value in (1, True))

    assert Case(one, Candidate("x")).task.key != Case(other, Candidate("x")).task.key


async def test_of_what_many_programs_write_no_more_is_kept_than_has_room() -> None:
    """Or a small request could have an answer of gigabytes."""
    wrote = TestRun(Outcome.WRONG_ANSWER, "x" * 1_000_000, stderr="y" * 1_000_000)
    verdict = Verdict(Outcome.WRONG_ANSWER, 0, 2, (wrote, wrote))
    codes = [f"print({number})" for number in range(40)]
    court = Court(sandbox=ScriptedSandbox(dict.fromkeys(codes, verdict)))

    rulings = await court.rulings(Mode.EXEC, codes)

    kept = [ruling.verdict.characters for ruling in rulings if ruling.verdict is not None]
    assert len(kept) == 40
    assert 0 < sum(kept) <= 8 * 1024 * 1024
    assert [ruling.score for ruling in rulings] == [0.0] * 40


async def test_what_is_not_judged_in_time_is_an_error_beside_what_was() -> None:
    court = Court(sandbox=ScriptedSandbox({GOOD: verdict_of(2, 2)}, hangs_on=BAD), seconds=0.2)

    good, bad = await court.rulings(Mode.EXEC, [GOOD, BAD])

    assert good.score == 1.0
    assert isinstance(bad.error, DeadlineError)


async def test_where_nothing_was_judged_in_time_the_whole_request_is_late() -> None:
    court = Court(sandbox=ScriptedSandbox(hangs_on=BAD), seconds=0.1)

    with pytest.raises(DeadlineError, match="fewer"):
        await court.rulings(Mode.EXEC, [BAD])


async def test_no_more_work_is_done_at_once_than_there_are_places() -> None:
    busy: list[int] = []

    @dataclass
    class Counting(ReadingChatModel):
        at_work: int = 0

        async def complete(
            self, messages: Sequence[Message], sampling: Sampling, n: int = 1
        ) -> tuple[Completion, ...]:
            self.at_work += 1
            busy.append(self.at_work)
            await asyncio.sleep(0)
            self.at_work -= 1
            return await super().complete(messages, sampling, n)

    await Court(Counting()).rulings(Mode.CRITIQUE, [f"print({n})" for n in range(9)], UNTESTED, concurrency=2)

    assert max(busy) == 2


def _rank_of(code: str) -> int:
    found = re.search(r"print\((\d+)\)", code)
    assert found
    return int(found[1])


def _prefers_greater(messages: Sequence[Message]) -> str:
    """Compare the numbers that the two programs print."""
    first, second = messages[-1].content.split("<candidate_B>")
    a, b = _rank_of(first.split("<candidate_A>")[1]), _rank_of(second)
    return f"Analysis:\nA and B.\n\nOverall judgment: {'A' if a > b else 'B' if a < b else 'Tie'}"


def _programs(count: int) -> list[str]:
    """Different programs in a shuffled order; the greater the number the better."""
    return [f"print({(n * 7) % count})" for n in range(count)]


async def test_the_score_is_the_share_of_comparisons_won() -> None:
    court = Court(ReadingChatModel(reader=_prefers_greater))

    rulings = await court.rulings(Mode.PAIRWISE, ["print(1)", "print(3)", "print(2)"], UNTESTED)

    assert [ruling.score for ruling in rulings] == [0.0, 1.0, 0.5]
    assert [ruling.comparisons for ruling in rulings] == [Tally(losses=2), Tally(wins=2), Tally(1, 1)]
    assert {(ruling.basis, ruling.judgment) for ruling in rulings} == {(Basis.COMPARISONS, None)}
    assert len(court.model.conversations) == 6


@pytest.mark.parametrize("letter", ["A", "B"])
async def test_a_critic_that_favours_a_place_makes_every_pair_a_tie(letter: str) -> None:
    court = Court(FakeChatModel([f"Overall judgment: {letter}"]))

    rulings = await court.rulings(Mode.PAIRWISE, ["print(1)", "print(2)"], UNTESTED)

    assert [(ruling.score, ruling.comparisons) for ruling in rulings] == [(0.5, Tally(ties=1))] * 2


async def test_comparisons_that_cannot_be_read_are_no_points() -> None:
    rulings = await Court(FakeChatModel(["Both are fine."])).rulings(
        Mode.PAIRWISE, ["print(1)", "print(2)"], UNTESTED
    )

    assert [(ruling.status, ruling.basis, ruling.comparisons) for ruling in rulings] == [
        (Status.ABSTAIN, None, Tally(unread=1))
    ] * 2


@pytest.mark.parametrize(
    ("model", "status"),
    [
        (FakeChatModel([""], fault=ModelError("gone")), Status.ERROR),
        (FakeChatModel(["Both are fine."]), Status.ABSTAIN),
    ],
)
async def test_a_pair_that_one_order_leaves_open_is_not_asked_about_in_the_other(
    model: FakeChatModel, status: Status
) -> None:
    rulings = await Court(model).rulings(Mode.PAIRWISE, ["print(1)", "print(2)"], UNTESTED)

    assert [ruling.status for ruling in rulings] == [status] * 2
    assert len(model.conversations) == 1


async def test_a_pair_that_is_read_in_one_order_only_is_unread() -> None:
    model = FakeChatModel(["Overall judgment: A", "Both are fine."])

    rulings = await Court(model).rulings(Mode.PAIRWISE, ["print(1)", "print(2)"], UNTESTED)

    assert [(ruling.score, ruling.comparisons) for ruling in rulings] == [(None, Tally(unread=1))] * 2


async def test_comparisons_of_which_one_failed_are_no_score() -> None:
    """The others, of another rival, were won or lost without it."""

    @dataclass
    class Failing(ReadingChatModel):
        async def complete(
            self, messages: Sequence[Message], sampling: Sampling, n: int = 1
        ) -> tuple[Completion, ...]:
            if "print(1)" in messages[-1].content and "print(3)" in messages[-1].content:
                raise ModelError("gone")
            return await super().complete(messages, sampling, n)

    court = Court(Failing(reader=_prefers_greater))
    one, two, three = await court.rulings(Mode.PAIRWISE, ["print(1)", "print(2)", "print(3)"], UNTESTED)

    for ruling in (one, three):
        assert (ruling.status, ruling.score, ruling.basis) == (Status.ERROR, None, None)
    assert (two.status, two.score, two.comparisons) == (Status.OK, 0.5, Tally(1, 1))


async def test_a_program_without_a_rival_is_not_judged_by_comparison() -> None:
    (ruling,) = await Court().rulings(Mode.PAIRWISE, [GOOD], UNTESTED)

    assert (ruling.status, ruling.score) == (Status.ABSTAIN, None)


async def test_programs_for_different_problems_are_not_compared() -> None:
    court = Court(ReadingChatModel(reader=_prefers_greater))
    other = replace(UNTESTED, problem="Add two.")
    cases = [Case(task, Candidate(f"print({n})")) for task in (UNTESTED, other) for n in (1, 2)]

    rulings = await rule(court.judge(Mode.PAIRWISE), cases)

    assert [ruling.score for ruling in rulings] == [0.0, 1.0, 0.0, 1.0]
    assert len(court.model.conversations) == 4


async def test_a_large_field_is_sorted_by_fewer_comparisons_than_all_pairs() -> None:
    court = Court(ReadingChatModel(reader=_prefers_greater))
    codes = _programs(40)

    rulings = await court.rulings(Mode.PAIRWISE, codes, UNTESTED)

    best = max(range(40), key=lambda index: rulings[index].score or 0.0)
    worst = min(range(40), key=lambda index: rulings[index].score or 0.0)
    assert (_rank_of(codes[best]), _rank_of(codes[worst])) == (39, 0)
    assert len(court.model.conversations) <= 2 * 6 * 20
    assert spent([Case(UNTESTED, Candidate(code)) for code in codes], rulings).critic_calls == len(
        court.model.conversations
    )


async def test_votes_are_asked_for_in_each_order() -> None:
    court = Court(ReadingChatModel(reader=_prefers_greater))

    await court.rulings(Mode.PAIRWISE, ["print(1)", "print(2)"], UNTESTED, votes=3)

    assert court.model.answers == 6


async def test_a_critic_without_a_wording_for_comparisons_is_refused_by_name() -> None:
    judge = replace(Court().judge(Mode.PAIRWISE), critic=ChatCritic(FakeChatModel([CORRECT])))

    with pytest.raises(RequestError, match=r"ctrl-refine/critic/1.*compare") as refusal:
        await rule(judge, [Case(UNTESTED, Candidate(GOOD))])

    assert refusal.value.field == "mode"
