"""A purse gives out no more than it holds."""

import asyncio

import pytest

from service.domain.chat import Sampling
from service.domain.purse import Purse, SpentError
from service.domain.refinement import StopReason


async def done() -> str:
    return "done"


async def time_out() -> str:
    raise TimeoutError


@pytest.mark.parametrize(
    ("tokens", "max_tokens", "allowed"),
    [(None, None, None), (None, 5, 5), (3, None, 3), (3, 5, 3), (9, 5, 5)],
)
async def test_a_completion_is_capped_at_the_tokens_left(
    tokens: int | None, max_tokens: int | None, allowed: int | None
) -> None:
    assert Purse(tokens).allow(Sampling(max_tokens=max_tokens)).max_tokens == allowed


async def test_an_empty_purse_allows_nothing() -> None:
    purse = Purse(10)
    purse.pay(11)

    with pytest.raises(SpentError) as spent:
        purse.allow(Sampling())
    assert spent.value.stop_reason is StopReason.BUDGET_EXHAUSTED


async def test_a_purse_without_a_bound_is_never_empty() -> None:
    purse = Purse()
    purse.pay(1_000_000)

    assert not purse.is_empty


async def test_after_the_deadline_nothing_is_allowed() -> None:
    purse = Purse(deadline=asyncio.get_running_loop().time())

    with pytest.raises(SpentError) as spent:
        purse.allow(Sampling())
    assert spent.value.stop_reason is StopReason.DEADLINE


async def test_work_ends_at_the_deadline() -> None:
    purse = Purse(deadline=asyncio.get_running_loop().time() + 0.01)

    with pytest.raises(SpentError) as spent:
        await purse.within_time(asyncio.Event().wait())
    assert spent.value.stop_reason is StopReason.DEADLINE


async def test_work_that_is_done_in_time_is_done() -> None:
    assert await Purse(deadline=asyncio.get_running_loop().time() + 60).within_time(done()) == "done"


async def test_a_timeout_of_the_work_itself_is_not_the_deadline() -> None:
    with pytest.raises(TimeoutError):
        await Purse().within_time(time_out())
