"""A refinement that was interrupted goes on after its last finished round, as if nothing had happened."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from service.domain.chat import Sampling, TokenUsage
from service.domain.critique import Judgment
from service.domain.events import RoundFinished, RoundStarted
from service.domain.loop import RefineSampling, Rules
from service.domain.refinement import Budget, Refinement, Round, Selection, StopReason, StopRule, Usage
from service.domain.task import Candidate
from tests.fakes import INCORRECT, TESTED, TOKENS_A_CALL, Stage, codes, critique_of, verdict_of


def _round(index: int, code: str = "", *, chain: int = 0, seconds: float = 1.0) -> Round:
    return Round(
        chain,
        index,
        Candidate(code or f"r{index}"),
        critique=critique_of(Judgment.INCORRECT),
        usage=Usage(TokenUsage(completion_tokens=2 * TOKENS_A_CALL), generator_calls=1, critic_calls=1),
        seconds=seconds,
    )


async def _finished(stage: Stage) -> list[Round]:
    return [event.round for event in await stage.events() if isinstance(event, RoundFinished)]


async def test_every_round_is_told_when_it_is_finished() -> None:
    stage = Stage(["a", "b"], rules=Rules(Budget(max_rounds=1)))

    events = await stage.events()

    finished = [event.round for event in events if isinstance(event, RoundFinished)]
    assert [(a_round.index, a_round.candidate.code) for a_round in finished] == [(0, "a"), (1, "b")]
    assert all(a_round.critique is not None and a_round.usage.critic_calls for a_round in finished)


async def test_it_goes_on_after_the_last_round_with_its_critique() -> None:
    stage = Stage(["good"], good=("good",), rounds=[_round(0), _round(1)])

    refinement = await stage.run()

    assert codes(refinement) == ["r0", "r1", "good"]
    assert [a_round.index for a_round in refinement.rounds] == [0, 1, 2]
    assert stage.generator.critiques_seen == [INCORRECT]
    assert stage.critic.codes_seen == ["good"]


async def test_what_is_finished_is_not_told_again() -> None:
    events = await Stage(["good"], good=("good",), rounds=[_round(0), _round(1)]).events()

    assert [event.index for event in events if isinstance(event, RoundStarted)] == [2]


@pytest.mark.parametrize("finished", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("selection", [Selection.LAST, Selection.BEST])
async def test_wherever_it_is_cut_it_ends_as_it_would_have(finished: int, selection: Selection) -> None:
    seeded = Sampling(0.7, seed=100)

    def stage(codes: list[str], rounds: Sequence[Round] = ()) -> Stage:
        made = Stage(codes, task=TESTED, passing=("b",), rounds=rounds)
        made.rules = Rules(Budget(max_rounds=3), select=selection)
        made.sampling = RefineSampling(seeded, seeded, seeded)
        made.critic.critiques = {"b": critique_of(Judgment.INCORRECT, 0.9)}
        return made

    whole = stage(["a", "b", "c", "d"])
    expected = await whole.run()
    rest = stage(["a", "b", "c", "d"][finished:], expected.rounds[:finished])
    resumed = await rest.run()

    assert _timeless(resumed) == _timeless(expected)
    assert rest.generator.samplings == whole.generator.samplings[finished:]
    assert rest.critic.samplings == whole.critic.samplings[finished:]


def _timeless(refinement: Refinement) -> Refinement:
    return replace(
        refinement,
        rounds=tuple(replace(a_round, seconds=0.0) for a_round in refinement.rounds),
        selected=replace(refinement.selected, seconds=0.0),
        seconds=0.0,
    )


async def test_tokens_spent_before_are_spent() -> None:
    budget = Budget(completion_tokens=6 * TOKENS_A_CALL + 5)
    stage = Stage(["c"], rules=Rules(budget), rounds=[_round(0), _round(1)])

    refinement = await stage.run()

    assert stage.generator.samplings[0].max_tokens == 2 * TOKENS_A_CALL + 5
    assert stage.critic.samplings[0].max_tokens == TOKENS_A_CALL + 5
    assert refinement.usage.generator_calls == 4
    assert refinement.stop_reason is StopReason.BUDGET_EXHAUSTED


async def test_a_budget_that_was_spent_before_buys_nothing_more() -> None:
    stage = Stage(["c"], rules=Rules(Budget(completion_tokens=4 * TOKENS_A_CALL)))
    stage.rounds = [_round(0), _round(1)]

    refinement = await stage.run()

    assert (refinement.stop_reason, stage.generator.calls) == (StopReason.BUDGET_EXHAUSTED, 0)
    assert codes(refinement) == ["r0", "r1"]


async def test_seconds_spent_before_are_spent_and_those_of_parallel_chains_once() -> None:
    rounds = [_round(0, seconds=30), _round(1, seconds=30), _round(0, chain=1, seconds=50)]
    stage = Stage(["c"], rounds=rounds, rules=Rules(Budget(seconds=60), candidates=2))

    refinement = await stage.run()

    assert refinement.stop_reason is StopReason.DEADLINE
    assert stage.generator.calls == 0
    assert 60 <= refinement.seconds < 80


@pytest.mark.parametrize(
    ("rules", "last", "reason"),
    [
        (Rules(), replace(_round(0), critique=critique_of(Judgment.CORRECT)), StopReason.JUDGED_CORRECT),
        (Rules(Budget(max_rounds=0)), _round(0), StopReason.ROUNDS_EXHAUSTED),
        (
            Rules(stop=StopRule.TESTS_PASSED),
            replace(_round(0), critique=None, verdict=verdict_of(2, 2)),
            StopReason.TESTS_PASSED,
        ),
    ],
)
async def test_what_had_ended_only_has_to_say_so(rules: Rules, last: Round, reason: StopReason) -> None:
    stage = Stage(["never"], task=TESTED, rules=rules, rounds=[last])

    refinement = await stage.run()

    assert (refinement.stop_reason, refinement.selected) == (reason, last)
    assert stage.generator.calls == 0


async def test_each_chain_goes_on_by_itself() -> None:
    stage = Stage(["x"], rules=Rules(Budget(max_rounds=1), candidates=3))
    stage.rounds = [_round(0, "a"), _round(1, "b"), _round(0, "c", chain=1)]

    refinement = await stage.run()

    told = [(a_round.chain, a_round.index, a_round.candidate.code) for a_round in refinement.rounds]
    assert told == [(0, 0, "a"), (0, 1, "b"), (1, 0, "c"), (1, 1, "x"), (2, 0, "x"), (2, 1, "x")]


async def test_rounds_after_a_gap_are_done_again() -> None:
    stage = Stage(["again", "and again"], rules=Rules(Budget(max_rounds=2)))
    stage.rounds = [_round(0, "a"), _round(2, "c")]

    refinement = await stage.run()

    assert codes(refinement) == ["a", "again", "and again"]


async def test_a_draft_is_not_started_from_twice() -> None:
    stage = Stage(["good"], good=("good",), draft=Candidate("mine"), rounds=[_round(0, "mine")])

    assert codes(await stage.run()) == ["mine", "good"]


async def test_the_first_revision_compares_itself_with_the_round_before() -> None:
    stage = Stage(["x = 1"], good=("x = 1",), rounds=[_round(0, "x = 1")])

    assert (await stage.run()).rounds[1].edit_similarity == 1.0
    assert (await _finished(stage))[0].index == 1
