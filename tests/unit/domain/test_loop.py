"""Drafts are judged, criticized and revised until a rule says stop."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from service.domain.chat import Sampling
from service.domain.critique import Judgment
from service.domain.errors import (
    RequestError,
)
from service.domain.events import (
    CritiqueCompleted,
    CritiqueDelta,
    RefinementCompleted,
    RoundFinished,
    RoundStarted,
    SolutionCompleted,
    SolutionDelta,
    VerdictCompleted,
)
from service.domain.loop import RefineSampling, Roles, Rules, refine
from service.domain.refinement import Budget, Feedback, StopReason, StopRule
from service.domain.roles import ChatCritic, ChatGenerator
from service.domain.task import Candidate, Task
from tests.fakes import (
    CORRECT,
    INCORRECT,
    TASK,
    TESTED,
    TOKENS_A_CALL,
    FakeChatModel,
    ScriptedCritic,
    ScriptedGenerator,
    ScriptedSandbox,
    Stage,
    codes,
    critique_of,
    verdict_of,
)

GOOD = critique_of(Judgment.CORRECT)
PASSED = verdict_of(2, 2)


# --- the method


async def test_a_draft_judged_correct_is_returned_at_once() -> None:
    stage = Stage(["good"], good=("good",))

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.JUDGED_CORRECT
    assert (codes(refinement), refinement.selected.candidate.code) == (["good"], "good")
    assert stage.generator.calls == 1


async def test_the_revision_sees_the_critique_of_the_candidate_before_it() -> None:
    stage = Stage(["bad", "good"], good=("good",))

    refinement = await stage.run()

    assert codes(refinement) == ["bad", "good"]
    assert stage.generator.critiques_seen == [INCORRECT]


async def test_the_last_revision_is_criticized_too() -> None:
    stage = Stage(["a", "b", "c", "d"])

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.ROUNDS_EXHAUSTED
    assert codes(refinement) == ["a", "b", "c", "d"]
    assert all(round_.critique is not None for round_ in refinement.rounds)
    assert [round_.index for round_ in refinement.rounds] == [0, 1, 2, 3]


async def test_no_rounds_are_a_draft_and_its_critique() -> None:
    stage = Stage(["a"], rules=Rules(Budget(max_rounds=0)))

    refinement = await stage.run()

    assert codes(refinement) == ["a"]
    assert refinement.stop_reason is StopReason.ROUNDS_EXHAUSTED


async def test_never_stops_at_a_judgment() -> None:
    stage = Stage(["good"], good=("good",), rules=Rules(stop=StopRule.NEVER))

    refinement = await stage.run()

    assert codes(refinement) == ["good"] * 4


async def test_an_unreadable_critique_stops_nothing() -> None:
    stage = Stage(["a", "good"], good=("good",))
    stage.critic.critiques = {"a": critique_of(None), "good": GOOD}

    refinement = await stage.run()

    assert codes(refinement) == ["a", "good"]
    assert refinement.rounds[0].critique == critique_of(None)


async def test_a_given_draft_is_reviewed_and_not_proposed() -> None:
    stage = Stage(["good"], good=("good",), draft=Candidate("mine"))

    refinement = await stage.run()

    assert codes(refinement) == ["mine", "good"]
    assert refinement.rounds[0].usage.generator_calls == 0


async def test_each_revision_says_how_much_it_kept() -> None:
    refinement = await Stage(["x = 1", "y = 1", "print(2)"], rules=Rules(Budget(max_rounds=2))).run()

    similarities = [round_.edit_similarity for round_ in refinement.rounds]

    assert similarities[:2] == [None, 1.0]
    assert similarities[2] is not None
    assert similarities[2] < 1.0


async def test_proposals_and_critiques_are_sampled_and_revisions_are_greedy() -> None:
    stage = Stage(["a", "good"], good=("good",))

    await stage.run()

    sampled, greedy = Sampling(0.7, 0.8, 1024), Sampling(0.0, max_tokens=1024)
    assert stage.generator.samplings == [sampled, greedy]
    assert stage.critic.samplings == [sampled, sampled]


async def test_each_round_of_each_chain_has_a_seed_of_its_own() -> None:
    seeded = Sampling(0.7, seed=100)
    rules = Rules(Budget(max_rounds=1), candidates=2)
    stage = Stage(["a"], rules=rules, sampling=RefineSampling(seeded, seeded, seeded))

    await stage.run()

    assert sorted(sampling.seed or 0 for sampling in stage.generator.samplings) == [100, 101, 102, 103]
    assert sorted(sampling.seed or 0 for sampling in stage.critic.samplings) == [100, 101, 102, 103]


# --- what is told while it runs


async def test_a_round_knows_what_its_candidate_alone_cost() -> None:
    stage = Stage(["a", "good"], good=("good",), draft=Candidate("mine"))

    rounds = (await stage.run()).rounds

    assert [round_.writing.completion_tokens for round_ in rounds] == [0, TOKENS_A_CALL, TOKENS_A_CALL]
    assert [round_.usage.tokens.completion_tokens for round_ in rounds] == [
        TOKENS_A_CALL,
        2 * TOKENS_A_CALL,
        2 * TOKENS_A_CALL,
    ]


async def test_a_round_is_told_in_order() -> None:
    stage = Stage(["good"], good=("good",), task=TESTED)

    events = await stage.events()

    verdict = verdict_of(0, 2)
    assert isinstance(events[-1], RefinementCompleted)
    assert events[:-1] == [
        RoundStarted(0, 0),
        SolutionDelta(0, 0, "good"),
        SolutionCompleted(0, 0, Candidate("good", "good"), None),
        VerdictCompleted(0, 0, verdict),
        CritiqueDelta(0, 0, CORRECT),
        CritiqueCompleted(0, 0, GOOD),
        RoundFinished(events[-1].refinement.selected),
    ]


async def test_a_given_draft_is_told_without_deltas() -> None:
    stage = Stage([], good=("mine",), draft=Candidate("mine"))

    events = await stage.events()

    assert events[:2] == [RoundStarted(0, 0), SolutionCompleted(0, 0, Candidate("mine"), None)]


async def test_chat_models_play_the_roles() -> None:
    generator = FakeChatModel(["```python\nx = 1\n```", "```python\nx = 2\n```"])
    critic = FakeChatModel([INCORRECT, CORRECT])
    roles = Roles(ChatGenerator(generator), ChatCritic(critic))

    async with aclosing(refine(TASK, Rules(), roles, RefineSampling())) as stream:
        events = [event async for event in stream]

    assert isinstance(events[-1], RefinementCompleted)
    assert codes(events[-1].refinement) == ["x = 1", "x = 2"]
    told = "".join(event.text for event in events if isinstance(event, CritiqueDelta))
    assert told == INCORRECT + CORRECT


# --- tests and feedback


async def test_passed_tests_stop_it_without_a_critique() -> None:
    stage = Stage(["bad", "good"], passing=("good",), task=TESTED, rules=Rules(stop=StopRule.TESTS_PASSED))

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.TESTS_PASSED
    assert refinement.selected.verdict == PASSED
    assert refinement.selected.critique is None
    assert stage.critic.codes_seen == ["bad"]


async def test_tests_that_are_given_are_run_in_every_round() -> None:
    stage = Stage(["a", "b"], task=TESTED, rules=Rules(Budget(max_rounds=1)))

    refinement = await stage.run()

    assert [round_.verdict for round_ in refinement.rounds] == [verdict_of(0, 2)] * 2


async def test_the_critic_is_blind_to_tests_by_default() -> None:
    stage = Stage(["a"], task=TESTED)

    await stage.run()

    assert set(stage.critic.hints_seen) == {None}


async def test_the_critic_is_told_what_the_tests_did_if_asked() -> None:
    rules = Rules(Budget(max_rounds=1), feedback=Feedback.TESTS, stop=StopRule.NEVER)
    stage = Stage(["bad", "good"], passing=("good",), task=TESTED, rules=rules)

    await stage.run()

    assert stage.critic.hints_seen == [
        "The program fails every test. Start afresh.\nInput: 1\nExpected: 2\nActual: ",
        "The program passes every test.",
    ]


async def test_without_tests_the_sandbox_is_left_alone() -> None:
    stage = Stage(["a"])

    refinement = await stage.run()

    assert stage.sandbox.codes_seen == []
    assert refinement.selected.verdict is None


@pytest.mark.parametrize(
    ("task", "rules", "sandbox", "name"),
    [
        (TASK, Rules(stop=StopRule.TESTS_PASSED), ScriptedSandbox(), "stop"),
        (TASK, Rules(feedback=Feedback.TESTS), ScriptedSandbox(), "feedback"),
        (TESTED, Rules(), None, "tests"),
        (TASK, Rules(Budget(completion_tokens=1), candidates=2), None, "budget.completion_tokens"),
    ],
)
async def test_what_cannot_be_carried_out_is_refused_before_it_starts(
    task: Task, rules: Rules, sandbox: ScriptedSandbox | None, name: str
) -> None:
    roles = Roles(ScriptedGenerator(["a"]), ScriptedCritic(), sandbox)

    with pytest.raises(RequestError) as refusal:
        refine(task, rules, roles, RefineSampling())
    assert refusal.value.field == name


# --- code that does not change


async def test_the_same_code_is_not_run_twice() -> None:
    stage = Stage(["a", "b", "a"], task=TESTED, rules=Rules(Budget(max_rounds=2)))

    refinement = await stage.run()

    assert stage.sandbox.codes_seen == ["a", "b"]
    assert [round_.usage.sandbox_runs for round_ in refinement.rounds] == [1, 1, 0]
    assert refinement.rounds[2].verdict == verdict_of(0, 2)


async def test_a_greedy_critic_is_not_asked_twice_about_the_same_code() -> None:
    greedy = RefineSampling(critique=Sampling(0.0))
    stage = Stage(["a", "b", "a"], rules=Rules(Budget(max_rounds=2)), sampling=greedy)

    refinement = await stage.run()

    assert stage.critic.codes_seen == ["a", "b"]
    assert [round_.usage.critic_calls for round_ in refinement.rounds] == [1, 1, 0]
    assert refinement.rounds[2].critique == refinement.rounds[0].critique


async def test_a_sampled_critique_is_drawn_afresh() -> None:
    stage = Stage(["a"], rules=Rules(Budget(max_rounds=2)))

    await stage.run()

    assert stage.critic.codes_seen == ["a", "a", "a"]


async def test_without_deltas_only_whole_pieces_of_work_are_told() -> None:
    stage = Stage(["a", "b"], rules=Rules(Budget(max_rounds=1), deltas=False))

    told = [type(event) for event in await stage.events()]

    a_round = [RoundStarted, SolutionCompleted, CritiqueCompleted, RoundFinished]
    assert told == [*a_round * 2, RefinementCompleted]


@pytest.mark.parametrize("chains", [1, 2])
async def test_what_nobody_hears_ends_as_what_is_told(chains: int) -> None:
    rules = Rules(Budget(max_rounds=2), candidates=chains)
    told = await Stage(["a", "b", "c"], good=("b",), rules=rules).run()
    unheard = await Stage(["a", "b", "c"], good=("b",), rules=replace(rules, heard=False)).run()

    assert [round_.candidate for round_ in unheard.rounds] == [round_.candidate for round_ in told.rounds]
    assert (unheard.stop_reason, unheard.usage) == (told.stop_reason, told.usage)


async def test_a_chain_that_nobody_hears_tells_its_end_alone() -> None:
    stage = Stage(["a", "b"], rules=Rules(Budget(max_rounds=1), heard=False))

    assert [type(event) for event in await stage.events()] == [RefinementCompleted]


async def test_seeds_begin_again_where_endpoints_have_no_longer_ones() -> None:
    seeded = Sampling(0.7, seed=2**63 - 1)
    stage = Stage(["a"], rules=Rules(Budget(max_rounds=1)), sampling=RefineSampling(seeded, seeded, seeded))

    await stage.run()

    assert [sampling.seed for sampling in stage.generator.samplings] == [2**63 - 1, 0]
