"""However a refinement ends, nothing finished is lost and nothing is left running."""

import asyncio
from collections import Counter
from contextlib import aclosing

import pytest

from service.domain.critique import Judgment, Parsed
from service.domain.errors import (
    ContextError,
    CriticError,
    DeadlineError,
    GeneratorError,
    SandboxError,
    ServiceError,
)
from service.domain.events import (
    RefinementCompleted,
)
from service.domain.loop import RefineSampling, Roles, Rules, refine
from service.domain.refinement import Budget, Selection, StopReason, StopRule, Usage
from service.domain.roles import ChatCritic, ChatGenerator
from service.domain.task import Candidate
from tests.fakes import (
    CORRECT,
    INCORRECT,
    TASK,
    TESTED,
    TOKENS_A_CALL,
    FakeChatModel,
    Stage,
    codes,
    other_tasks,
)

# --- budgets


async def test_usage_adds_up() -> None:
    stage = Stage(["a", "b"], task=TESTED, rules=Rules(Budget(max_rounds=1)))

    refinement = await stage.run()

    assert refinement.usage == sum((round_.usage for round_ in refinement.rounds), Usage())
    assert refinement.usage.tokens.completion_tokens == 4 * TOKENS_A_CALL
    usage = refinement.usage
    assert (usage.generator_calls, usage.critic_calls, usage.sandbox_runs) == (2, 2, 2)
    assert 0 <= sum(round_.seconds for round_ in refinement.rounds) <= refinement.seconds


async def test_no_call_may_write_more_than_the_budget_has_left() -> None:
    stage = Stage(["a", "b"], rules=Rules(Budget(max_rounds=1, completion_tokens=3 * TOKENS_A_CALL + 5)))

    await stage.run()

    assert [sampling.max_tokens for sampling in stage.generator.samplings] == [35, 15]
    assert [sampling.room for sampling in stage.generator.samplings] == [35, 15]
    assert [sampling.max_tokens for sampling in stage.critic.samplings] == [25, 5]


async def test_a_spent_budget_returns_what_there_is() -> None:
    stage = Stage(["a", "b"], rules=Rules(Budget(completion_tokens=2 * TOKENS_A_CALL)))

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.BUDGET_EXHAUSTED
    assert codes(refinement) == ["a"]


async def test_a_revision_that_took_the_last_token_may_be_cut_and_is_not_returned() -> None:
    stage = Stage(["a", "b"], rules=Rules(Budget(completion_tokens=3 * TOKENS_A_CALL)))

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.BUDGET_EXHAUSTED
    assert codes(refinement) == ["a"]
    assert refinement.usage.tokens.completion_tokens == 3 * TOKENS_A_CALL


async def test_a_draft_that_took_the_last_token_is_all_there_is() -> None:
    stage = Stage(["a"], rules=Rules(Budget(completion_tokens=TOKENS_A_CALL)))

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.BUDGET_EXHAUSTED
    assert (codes(refinement), refinement.selected.critique) == (["a"], None)


@pytest.mark.parametrize(("calls", "kept"), [(1, ["a"]), (2, ["a"]), (3, ["a", "b"]), (4, ["a", "b"])])
async def test_whoever_pays_may_allow_no_more_completions(calls: int, kept: list[str]) -> None:
    left = iter([True] * calls)

    async def allowed() -> bool:
        return next(left, False)

    refinement = await Stage(["a", "b", "c"], allowance=allowed).run()

    assert refinement.stop_reason is StopReason.BUDGET_EXHAUSTED
    assert codes(refinement) == kept
    assert refinement.usage.tokens.completion_tokens == calls * TOKENS_A_CALL


async def test_the_deadline_bounds_the_wait_for_whoever_pays() -> None:
    left = iter([True, True])

    async def allowed() -> bool:
        if not next(left, False):
            await asyncio.sleep(3600)
        return True

    refinement = await Stage(["a", "b"], rules=Rules(Budget(seconds=0.05)), allowance=allowed).run()

    assert (refinement.stop_reason, codes(refinement)) == (StopReason.DEADLINE, ["a"])


async def test_a_judgment_that_took_the_last_token_still_counts() -> None:
    stage = Stage(["a"], good=("a",), rules=Rules(Budget(completion_tokens=2 * TOKENS_A_CALL)))

    assert (await stage.run()).stop_reason is StopReason.JUDGED_CORRECT


async def test_the_deadline_in_a_revision_returns_the_round_before() -> None:
    stage = Stage(["a"], rules=Rules(Budget(seconds=0.05)))
    stage.generator.hangs_at = 1

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.DEADLINE
    assert codes(refinement) == ["a"]
    assert refinement.usage.generator_calls == 2
    assert not other_tasks()


async def test_the_deadline_in_a_critique_returns_the_candidate_without_it() -> None:
    stage = Stage(["a", "b"], rules=Rules(Budget(seconds=0.05)))
    stage.critic.hangs_on = "b"

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.DEADLINE
    assert [round_.critique is None for round_ in refinement.rounds] == [False, True]


async def test_the_deadline_in_the_sandbox_returns_the_candidate_without_a_verdict() -> None:
    stage = Stage(["a"], task=TESTED, rules=Rules(Budget(seconds=0.05)))
    stage.sandbox.hangs_on = "a"

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.DEADLINE
    assert refinement.selected.verdict is None


async def test_a_deadline_before_the_first_candidate_is_an_error() -> None:
    stage = Stage(["a"], rules=Rules(Budget(seconds=0.05)))
    stage.generator.hangs_at = 0

    with pytest.raises(DeadlineError):
        await stage.run()
    assert not other_tasks()


async def test_no_time_at_all_returns_a_given_draft() -> None:
    refinement = await Stage([], draft=Candidate("mine"), rules=Rules(Budget(seconds=0.0))).run()

    assert (codes(refinement), refinement.stop_reason) == (["mine"], StopReason.DEADLINE)


# --- several chains


async def test_each_chain_runs_to_its_own_end() -> None:
    stage = Stage(["good", "a", "b"], good=("good",), rules=Rules(Budget(max_rounds=1), candidates=2))

    refinement = await stage.run()

    assert Counter(round_.chain for round_ in refinement.rounds) == {0: 1, 1: 2}
    assert refinement.selected.candidate.code == "good"
    assert refinement.stop_reason is StopReason.JUDGED_CORRECT


async def test_the_stop_reason_is_that_of_the_selected_chain() -> None:
    stage = Stage(["a", "good"], good=("good",), rules=Rules(Budget(max_rounds=0), candidates=2))

    refinement = await stage.run()

    assert refinement.selected.chain == 1
    assert refinement.stop_reason is StopReason.JUDGED_CORRECT


async def test_a_chain_that_never_began_loses_nothing_of_the_others() -> None:
    stage = Stage(["a", "good"], good=("good",), rules=Rules(Budget(seconds=0.05), candidates=2))
    stage.generator.hangs_at = 0

    refinement = await stage.run()

    assert (codes(refinement), refinement.selected.chain) == (["good"], 1)


async def test_chains_share_the_budget_evenly() -> None:
    stage = Stage(["a"], rules=Rules(Budget(completion_tokens=50), candidates=2))

    refinement = await stage.run()

    first = [round_ for round_ in refinement.rounds if round_.index == 0]
    assert [round_.usage.tokens.completion_tokens for round_ in first] == [20, 20]
    assert sorted(sampling.max_tokens or 0 for sampling in stage.generator.samplings) == [5, 5, 25, 25]


async def test_best_never_returns_a_revision_judged_worse() -> None:
    rules = Rules(Budget(max_rounds=1), stop=StopRule.NEVER, select=Selection.BEST)
    stage = Stage(["good", "worse"], good=("good",), rules=rules)

    assert (await stage.run()).selected.candidate.code == "good"


# --- failure and cancellation


@pytest.mark.parametrize("candidates", [1, 3])
@pytest.mark.parametrize(
    ("part", "error"),
    [
        ("generator", GeneratorError("down")),
        ("critic", CriticError("down")),
        ("sandbox", SandboxError("down")),
    ],
)
async def test_a_broken_part_is_one_error_and_leaves_no_task_behind(
    part: str, error: ServiceError, candidates: int
) -> None:
    stage = Stage(["a"], task=TESTED, rules=Rules(candidates=candidates))
    getattr(stage, part).fault = error

    with pytest.raises(type(error), match="down"):
        await stage.run()
    assert not other_tasks()


async def test_a_conversation_that_outgrows_the_context_returns_what_was_reviewed() -> None:
    stage = Stage(["a", "b"])
    stage.generator.fault, stage.generator.fault_at = ContextError("too long"), 1

    refinement = await stage.run()

    assert codes(refinement) == ["a"]
    assert refinement.stop_reason is StopReason.BUDGET_EXHAUSTED


async def test_a_problem_that_never_fitted_is_refused_by_name() -> None:
    stage = Stage(["a"])
    stage.critic.fault = ContextError("too long")

    with pytest.raises(ContextError, match="too long") as refusal:
        await stage.run()
    assert refusal.value.field == "problem"


async def test_a_bug_is_not_dressed_as_a_broken_part() -> None:
    stage = Stage(["a"])
    stage.critic.fault = KeyError("bug")

    with pytest.raises(KeyError):
        await stage.run()


@pytest.mark.parametrize("heard", range(1, 8))
async def test_closing_it_after_any_event_leaves_no_task_behind(heard: int) -> None:
    stage = Stage(["a"], task=TESTED, rules=Rules(candidates=2))
    events = refine(TESTED, stage.rules, Roles(stage.generator, stage.critic, stage.sandbox), stage.sampling)
    for _ in range(heard):
        await anext(events)

    await events.aclose()

    assert not other_tasks()
    assert stage.generator.in_flight == 0


@pytest.mark.parametrize("rules", [Rules(candidates=2), Rules(heard=False)], ids=["two chains", "unheard"])
@pytest.mark.parametrize("steps", range(12))
async def test_cancelling_it_at_any_await_leaves_no_task_behind(steps: int, rules: Rules) -> None:
    generator, critic = FakeChatModel(["x = 1\ny = 2\n"]), FakeChatModel([INCORRECT])
    roles = Roles(ChatGenerator(generator), ChatCritic(critic))

    async def consume() -> None:
        async with aclosing(refine(TASK, rules, roles, RefineSampling())) as events:
            async for _ in events:
                pass

    consuming = asyncio.ensure_future(consume())
    for _ in range(steps):
        await asyncio.sleep(0)
    consuming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consuming

    assert not other_tasks()
    assert (generator.streams_open, critic.streams_open) == (0, 0)


@pytest.mark.parametrize(
    "said", ["", ":", "I am sorry, I cannot write this.", "Let's think step by step.", "# x = 1", "import os"]
)
async def test_a_draft_that_is_no_program_is_revised_without_asking_the_critic(said: str) -> None:
    """A critic may be won over by it, and the loop would end with an apology for its program."""
    critic = FakeChatModel([CORRECT])
    roles = Roles(ChatGenerator(FakeChatModel([said, "x = 1"])), ChatCritic(critic))

    async with aclosing(refine(TASK, Rules(), roles, RefineSampling())) as stream:
        events = [event async for event in stream]

    assert isinstance(events[-1], RefinementCompleted)
    first = events[-1].refinement.rounds[0].critique
    assert first is not None
    assert (first.judgment, first.parsed) == (Judgment.INCORRECT, Parsed.STRICT)
    assert critic.answers == 1
