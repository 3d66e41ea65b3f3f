import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from service.domain.critique import Judgment
from service.domain.errors import GeneratorError
from service.domain.parsing import parse_critique, render_critique
from tests.fakes import INCORRECT, TESTED
from training.rewards.desk import RewardDesk
from training.rewards.outcome import Outcome, Submission, Target, target_of
from training.rewards.tally import Tally
from training.rewards.terms import Reward
from training.rewards.trl import CritiqueReward
from training.run import StageError
from training.tasks.mini import Split, problems
from training.tasks.pipeline import Pipeline
from training.tasks.records import problem_to_json
from training.tasks.review import careful_review


@dataclass
class Scorer:
    """Passes critiques that say so; loses those that say "lost"; counts how many are scored at once."""

    seen: list[str] = field(default_factory=list)
    now: int = 0
    most: int = 0

    async def outcome(self, submission: Submission) -> Outcome:
        self.seen.append(submission.text)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.001)
        self.now -= 1
        if "fault" in submission.text:
            raise KeyError("a fault of ours")
        passed = None if "lost" in submission.text else "good" in submission.text
        return Outcome(parse_critique(INCORRECT), passed, error="gone" if passed is None else None)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Scorer", None]:
        yield self


def submission(text: str) -> Submission:
    return Submission(Target("t1", TESTED), "pass", text, right=False)


def reward(desk: RewardDesk, most_unjudged: float = 0.02) -> CritiqueReward:
    return CritiqueReward(desk, {"t1": Target("t1", TESTED)}, Reward(), Tally(most_unjudged), max_tokens=10)


def asked(reward: CritiqueReward, texts: list[str]) -> list[float | None]:
    count = len(texts)
    return reward(texts, [[1]] * count, ["t1"] * count, ["pass"] * count, [False] * count)


def test_rewards_come_in_the_order_of_the_completions() -> None:
    with RewardDesk(Scorer().opened, concurrency=4) as desk:
        assert asked(reward(desk), ["bad", "good", "bad 2", "good 2"]) == [0.0, 1.0, 0.0, 1.0]


def test_what_was_begun_early_is_not_done_again() -> None:
    scorer = Scorer()
    with RewardDesk(scorer.opened, concurrency=4) as desk:
        critique = reward(desk)
        critique.begin({"task_id": "t1", "code": "pass", "right": False}, "good", 1)
        asked(critique, ["good", "good", "bad"])

    assert sorted(scorer.seen) == ["bad", "good"]


def test_no_more_are_scored_at_once_than_allowed() -> None:
    scorer = Scorer()
    with RewardDesk(scorer.opened, concurrency=3) as desk:
        asked(reward(desk), [f"good {n}" for n in range(40)])

    assert scorer.most == 3


def test_a_lost_outcome_abstains_and_is_tried_anew_next_time() -> None:
    scorer = Scorer()
    with RewardDesk(scorer.opened, concurrency=4) as desk:
        critique = reward(desk, most_unjudged=1.0)
        assert asked(critique, ["lost", "good"]) == [None, 1.0]
        asked(critique, ["lost"])

    assert scorer.seen.count("lost") == 2


def test_too_many_lost_rewards_stop_the_run_and_name_the_reason() -> None:
    texts = [f"good {n}" for n in range(96)] + [f"lost {n}" for n in range(4)]
    with RewardDesk(Scorer().opened, concurrency=8) as desk:
        with pytest.raises(StageError, match=r"4 of 100 rewards are missing.*Last failure: gone"):
            asked(reward(desk), texts)
        assert asked(reward(desk), [*texts[:98], "good a", "good b"]).count(None) == 2


def test_a_step_without_any_reward_stops_the_run_however_many_there_were_before() -> None:
    with RewardDesk(Scorer().opened, concurrency=8) as desk:
        critique = reward(desk)
        asked(critique, [f"good {n}" for n in range(100)])
        assert asked(critique, ["lost", "good"]) == [None, 1.0]
        with pytest.raises(StageError, match=r"all 1 rewards of a step are missing: .*Last failure: gone"):
            asked(critique, ["lost"])


def test_a_fault_of_ours_is_raised_where_it_is_waited_for() -> None:
    with RewardDesk(Scorer().opened, concurrency=8) as desk, pytest.raises(KeyError, match="a fault of ours"):
        asked(reward(desk), ["fault"])


def test_what_keeps_the_parts_from_opening_is_raised_at_once() -> None:
    @asynccontextmanager
    async def refuse() -> AsyncGenerator[Scorer, None]:
        raise GeneratorError("no such weights")
        yield Scorer()

    with pytest.raises(GeneratorError, match="no such weights"), RewardDesk(refuse, concurrency=1):
        pass


def test_metrics_tell_repairs_from_what_was_kept() -> None:
    logged: dict[str, float] = {}
    with RewardDesk(Scorer().opened, concurrency=8) as desk:
        reward(desk)(
            ["good", "bad", "good"], [[1]] * 3, ["t1"] * 3, ["a", "b", "c"], [False, False, True],
            log_metric=logged.__setitem__,
        )  # fmt: skip

    assert logged["repaired"] == 0.5
    assert logged["kept"] == 1.0
    assert logged["unjudged"] == 0.0
    assert logged["format"] == 1.0
    assert "advice" not in logged


class Reading:
    """Passes every critique, whatever it says."""

    async def outcome(self, submission: Submission) -> Outcome:
        return Outcome(parse_critique(submission.text), passed=True)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Reading", None]:
        yield self


def test_advice_of_the_mini_world_is_compared_with_the_careful_one() -> None:
    """Of critiques that reject a wrong draft alone, and whatever the revision came to."""
    problem = next(p for p in problems(Split.TRAIN, 3, 20) if len(p.reference.steps) == 4)
    target = target_of(problem_to_json(problem))
    code = Pipeline(problem.reference.shape, problem.reference.steps[1:]).code()
    careful = careful_review(problem.reference, code)
    swap = render_critique(careful.analysis, "Swap lines 2 and 3", Judgment.INCORRECT)
    approval = render_critique("It is right.", "None.", Judgment.CORRECT)
    texts = [careful.text(), swap, swap, swap, approval, swap]
    logged: dict[str, float] = {}

    with RewardDesk(Reading().opened, concurrency=4) as desk:
        critique = CritiqueReward(desk, {target.id: target}, Reward(), Tally(0.02), max_tokens=500)
        count = len(texts)
        critique(
            texts, [[1]] * count, [target.id] * count, [code] * 5 + [problem.reference.code()],
            [False] * 5 + [True], log_metric=logged.__setitem__,
        )  # fmt: skip

    assert logged["advice"] == 0.25
    assert logged["repaired"] == 1.0


def test_a_target_has_a_reference_where_its_problem_is_of_the_mini_world() -> None:
    problem = next(problems(Split.TRAIN, 3, 1))
    record = problem_to_json(problem)
    elsewhere = {name: value for name, value in record.items() if name not in ("shape", "reference")}
    garbled = record | {"reference": problem.reference.code() + "    print(1)\n"}

    reference = target_of(record).reference

    assert reference is not None
    assert reference.code() == problem.reference.code()
    assert target_of(elsewhere).reference is None
    assert target_of(garbled).reference is None
