from dataclasses import replace

import pytest

from service.domain.chat import Sampling
from service.domain.critique import Judgment
from service.domain.errors import GeneratorError, SandboxError, ServiceError
from tests.fakes import CORRECT, INCORRECT, TESTED, ScriptedGenerator, ScriptedSandbox, verdict_of
from training.config import RewardConfig
from training.rewards.outcome import Outcome, Reviser, Submission, Target
from training.rewards.terms import Reward, holds_program

DRAFT = "print(int(input()) - 1)"
MENDED = "print(int(input()) + 1)"


def submission(text: str = INCORRECT, *, right: bool | None = False, truncated: bool = False) -> Submission:
    return Submission(Target("t1", TESTED, limit_s=3.0), DRAFT, text, truncated, right)


def reviser(code: str = MENDED, fault: ServiceError | None = None) -> Reviser:
    generator = ScriptedGenerator([code], fault=fault if isinstance(fault, GeneratorError) else None)
    sandbox = ScriptedSandbox(
        {MENDED: verdict_of(2, 2)}, fault=fault if isinstance(fault, SandboxError) else None
    )
    return Reviser(generator, sandbox, max_tokens=64)


async def test_a_critique_earns_one_if_its_revision_passes_and_nothing_if_not() -> None:
    good = await reviser(MENDED).outcome(submission())
    bad = await reviser(DRAFT).outcome(submission())

    assert Reward()(submission(), good) == 1.0
    assert Reward()(submission(), bad) == 0.0
    assert good.revision == MENDED


@pytest.mark.parametrize(
    "text", ["", "It is wrong.", INCORRECT + "\nAnd more.", INCORRECT.replace("Overall judgment", "Judgment")]
)
async def test_a_critique_out_of_form_earns_nothing_and_costs_nothing(text: str) -> None:
    parts = reviser()

    outcome = await parts.outcome(submission(text))

    assert Reward()(submission(text), outcome) == 0.0
    assert isinstance(parts.generator, ScriptedGenerator)
    assert parts.generator.calls == 0


async def test_a_truncated_critique_earns_nothing_even_if_it_ends_in_a_judgment() -> None:
    cut = submission(truncated=True)

    assert Reward()(cut, await reviser().outcome(cut)) == 0.0


@pytest.mark.parametrize("fault", [GeneratorError("gone"), SandboxError("gone")])
async def test_a_broken_part_gives_no_reward_and_says_which(fault: ServiceError) -> None:
    outcome = await reviser(fault=fault).outcome(submission())

    assert Reward(RewardConfig(judgment=1.0))(submission(), outcome) is None
    assert outcome.error == f"{type(fault).__name__}: gone"


async def test_the_generator_is_greedy_and_sees_the_critique() -> None:
    parts = reviser()

    await parts.outcome(submission())

    assert isinstance(parts.generator, ScriptedGenerator)
    assert parts.generator.critiques_seen == [INCORRECT]
    assert parts.generator.samplings == [Sampling(temperature=0.0, max_tokens=64)]


async def test_a_revision_is_judged_under_its_problem_s_own_time_limit() -> None:
    parts = reviser()

    await parts.outcome(submission())

    assert isinstance(parts.sandbox, ScriptedSandbox)
    assert parts.sandbox.limits_seen == [3.0]


async def test_equal_critiques_are_followed_once_and_equal_programs_judged_once() -> None:
    parts = reviser("x = int(input())\nprint(x + 1)")
    other = INCORRECT.replace("odd", "even")
    renamed = ScriptedGenerator(["y = int(input())  # the number\nprint(y + 1)"])

    await parts.outcome(submission())
    await parts.outcome(submission())
    first_calls = parts.generator.calls if isinstance(parts.generator, ScriptedGenerator) else 0
    parts.generator = renamed
    await parts.outcome(submission(other))

    assert (first_calls, renamed.calls) == (1, 1)
    assert isinstance(parts.sandbox, ScriptedSandbox)
    assert len(parts.sandbox.codes_seen) == 1


async def test_a_right_draft_that_is_kept_earns_one() -> None:
    kept = replace(submission(CORRECT, right=True), code=MENDED)

    assert Reward()(kept, await reviser(MENDED).outcome(kept)) == 1.0


async def scored(config: RewardConfig, text: str, *, right: bool, length: float = 0.0) -> float | None:
    case = submission(text, right=right)
    return Reward(config)(case, await reviser().outcome(case), length)


async def test_the_judgment_term_pays_for_agreeing_with_the_tests() -> None:
    config = RewardConfig(judgment=0.5)

    assert await scored(config, INCORRECT, right=False) == 1.5
    assert await scored(config, CORRECT, right=False) == 1.0


async def test_the_direct_solution_term_fines_a_program_in_a_critique() -> None:
    fence = "```python\ndef f(x):\n    return x + 1\n```"
    text = INCORRECT.replace("Handle odd numbers.", f"Write this:\n{fence}")

    assert await scored(RewardConfig(direct_solution=0.25), text, right=False) == 0.75
    assert holds_program(text)
    assert not holds_program(INCORRECT)
    assert not holds_program("```python\nx + 1\n```")
    assert not holds_program("```\nthis is\nno program\n```")


async def test_a_judgment_alone_earns_nothing_by_the_judgment_term() -> None:
    bare = "Overall judgment: Incorrect"

    assert await scored(RewardConfig(judgment=0.5), bare, right=False) == 0.0
    assert await scored(RewardConfig(judgment=0.5), INCORRECT, right=False) == 1.5


async def test_the_length_term_is_in_proportion() -> None:
    assert await scored(RewardConfig(length=0.2), INCORRECT, right=False, length=0.5) == pytest.approx(0.9)


async def test_without_a_verdict_on_the_draft_the_judgment_term_is_silent() -> None:
    case = submission(right=None)
    outcome = Outcome(replace((await reviser().outcome(case)).critique, judgment=Judgment.INCORRECT), True)

    assert Reward(RewardConfig(judgment=1.0))(case, outcome) == 1.0
