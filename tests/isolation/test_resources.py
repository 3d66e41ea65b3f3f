"""Where the limits lie: what is just allowed is allowed. `corpus/resources.py` wants more."""

from dataclasses import replace

import pytest

from sandbox_runner.domain.verdict import Outcome
from tests.isolation.conftest import LIMITS, Arena

pytestmark = [pytest.mark.isolation, pytest.mark.asyncio(loop_scope="session")]


async def test_a_sleeper_meets_the_wall(arena: Arena) -> None:
    result = await arena.script("import time\ntime.sleep(1e6)", limits=replace(LIMITS, wall_s=0.3))

    assert result.outcome is Outcome.TIME_LIMIT
    assert 0.3 <= result.wall_s < 0.8


async def test_output_before_a_time_limit_is_returned(arena: Arena) -> None:
    result = await arena.script("print('so far', flush=True)\nwhile True: pass")

    assert (result.outcome, result.stdout) == (Outcome.TIME_LIMIT, "so far\n")


async def test_two_megabytes_of_right_output_are_accepted(arena: Arena) -> None:
    result = await arena.script("print('x' * 2_000_000)", "x" * 2_000_000 + "\n")

    assert result.outcome is Outcome.ACCEPTED


async def test_exactly_the_allowed_output_is_accepted_and_one_byte_more_is_not(arena: Arena) -> None:
    limits = replace(LIMITS, output_bytes=1_000)

    full = await arena.script("print('x' * 999)", "x" * 999, limits=limits)
    over = await arena.script("print('x' * 1000)", "x" * 1_000, limits=limits)

    assert (full.outcome, over.outcome) == (Outcome.ACCEPTED, Outcome.OUTPUT_LIMIT)
