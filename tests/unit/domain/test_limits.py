"""How much fits into a minute."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.memory_limits import MemoryLimits
from service.domain.identity import Quota
from service.domain.limits import Bucket, Standing


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def _limits(**quota: int) -> tuple[MemoryLimits, Clock]:
    clock = Clock()
    return MemoryLimits({"lab": Quota(**quota)}, clock), clock


async def _granted(limits: MemoryLimits, times: int, patience_s: float = 0.0) -> list[Standing]:
    return [await limits.reserve("lab", 0, patience_s) for _ in range(times)]


@pytest.mark.parametrize("limit", [1, 7, 60, 1_000])
async def test_a_quiet_minute_is_followed_by_a_whole_minutes_worth_and_no_more(limit: int) -> None:
    limits, clock = _limits(requests_per_minute=limit)
    clock.now += 0.1

    standings = await _granted(limits, limit + 1)

    assert [standing.granted for standing in standings] == [True] * limit + [False]
    assert standings[-1].wait_s == pytest.approx(60 / limit)


async def test_what_is_asked_for_when_told_is_granted() -> None:
    limits, clock = _limits(requests_per_minute=7)
    *_, refused = await _granted(limits, 8)

    clock.now += refused.wait_s

    assert [standing.granted for standing in await _granted(limits, 2)] == [True, False]


async def test_a_refusal_takes_nothing() -> None:
    limits, _ = _limits(requests_per_minute=10, tokens_per_minute=100)

    assert not (await limits.reserve("lab", 101, 0)).granted
    standing = await limits.reserve("lab", 100, 0)

    assert standing.granted
    assert standing.requests is not None
    assert standing.tokens is not None
    assert (standing.requests.remaining, standing.tokens.remaining) == (9, 0)
    assert standing.tokens.reset_s == pytest.approx(60)


async def test_what_was_not_spent_is_given_back() -> None:
    limits, _ = _limits(tokens_per_minute=100)
    await limits.reserve("lab", 100, 0)

    await limits.settle("lab", -90)

    assert (await limits.reserve("lab", 90, 0)).granted
    assert not (await limits.reserve("lab", 1, 0)).granted


async def test_what_was_overspent_is_paid_before_anything_else() -> None:
    limits, clock = _limits(tokens_per_minute=100)
    await limits.reserve("lab", 10, 0)

    await limits.settle("lab", 290)

    refused = await limits.reserve("lab", 10, 0)
    assert refused.wait_s == pytest.approx((300 + 10 - 100) * 0.6)
    clock.now += refused.wait_s
    assert (await limits.reserve("lab", 10, 0)).granted


async def test_more_given_back_than_a_bucket_holds_is_let_go() -> None:
    limits, clock = _limits(tokens_per_minute=100)
    await limits.reserve("lab", 50, 0)
    clock.now += 60
    await limits.settle("lab", -50)

    assert (await limits.reserve("lab", 100, 0)).granted
    assert not (await limits.reserve("lab", 1, 0)).granted


async def test_those_who_wait_get_their_turns_one_after_another() -> None:
    limits, _ = _limits(requests_per_minute=60)
    await _granted(limits, 60)

    waiting = await _granted(limits, 5, patience_s=4.0)

    assert [standing.granted for standing in waiting] == [True] * 4 + [False]
    assert [standing.wait_s for standing in waiting] == pytest.approx([1.0, 2.0, 3.0, 4.0, 5.0])


async def test_a_tenant_without_a_quota_is_not_counted() -> None:
    limits, _ = _limits(requests_per_minute=1)

    assert all([(await limits.reserve("other", 10**9, 0)).granted for _ in range(100)])


@given(st.integers(1, 500), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_minute_has_more_than_twice_the_limit_and_no_hour_more_than_one_minute_too_much(
    limit: int, pauses: Sequence[float]
) -> None:
    bucket, now, taken = Bucket(limit), 0.0, list[float]()
    for pause in pauses:
        now += pause
        if not bucket.wait_s(1, now):
            bucket.take(1, now)
            taken.append(now)

    for start in taken:
        assert sum(start <= at <= start + 60 for at in taken) <= 2 * limit
    assert len(taken) <= limit * (now / 60 + 1) + 1e-6
