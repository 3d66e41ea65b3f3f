"""Limits in memory and in Redis: what a tenant may have, and what several gateways count together."""

import asyncio
from collections.abc import Generator

import pytest

from service.adapters.store import open_limits
from service.domain.errors import OverloadedError
from service.domain.identity import Quota
from service.domain.limits import Limits
from service.settings import StoreSection
from tests.contract.store.conftest import Opening
from tests.redis_server import RedisServer, redis_server

QUOTAS = {"lab": Quota(requests_per_minute=20, tokens_per_minute=1_000), "free": Quota()}
SPARSE = {"lab": Quota(requests_per_minute=1, tokens_per_minute=10)}
"""So slow that nothing comes back while a test runs."""


async def _open(opening: Opening, quotas: dict[str, Quota]) -> Limits:
    section = StoreSection.model_validate({"url": opening.url, "prefix": opening.prefix, "timeout_s": 10})
    return await opening.stack.enter_async_context(open_limits(section, quotas))


async def test_what_is_over_a_limit_is_refused_and_takes_nothing(opening: Opening) -> None:
    limits = await _open(opening, SPARSE)

    too_many = await limits.reserve("lab", 11, 0)
    first = await limits.reserve("lab", 10, 0)
    second = await limits.reserve("lab", 0, 0)

    assert (too_many.granted, first.granted, second.granted) == (False, True, False)
    assert first.requests is not None
    assert first.tokens is not None
    assert (first.requests.remaining, first.tokens.remaining) == (0, 0)
    assert 50 < second.wait_s <= 60
    assert 50 < first.tokens.reset_s <= 60


async def test_a_hundred_at_once_get_no_more_than_there_is(opening: Opening) -> None:
    limits = await _open(opening, QUOTAS)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(limits.reserve("lab", 0, 0)) for _ in range(100)]

    granted = sum(task.result().granted for task in asked)
    assert 20 <= granted <= 40


async def test_what_was_not_spent_is_given_back_and_debts_are_kept(opening: Opening) -> None:
    limits = await _open(opening, {"lab": Quota(tokens_per_minute=10)})
    assert (await limits.reserve("lab", 10, 0)).granted

    await limits.settle("lab", -10)
    assert (await limits.reserve("lab", 10, 0)).granted
    await limits.settle("lab", 90)

    assert 500 < (await limits.reserve("lab", 1, 0)).wait_s <= 546


async def test_who_would_wait_is_granted_a_later_turn(opening: Opening) -> None:
    limits = await _open(opening, SPARSE)
    await limits.reserve("lab", 0, 0)

    later = [await limits.reserve("lab", 0, 130.0) for _ in range(3)]

    assert [standing.granted for standing in later] == [True, True, False]
    assert later[0].wait_s < later[1].wait_s < later[2].wait_s


async def test_more_tokens_of_a_request_at_work_are_no_further_request(opening: Opening) -> None:
    limits = await _open(opening, SPARSE)
    await limits.reserve("lab", 4, 0)

    more = await limits.reserve_more("lab", 6, 0)
    refused = await limits.reserve_more("lab", 1, 0)
    later = await limits.reserve_more("lab", 1, 60.0)

    assert (more.granted, refused.granted, later.granted) == (True, False, True)
    assert 0 < later.wait_s <= 6
    assert 5.9 < (await limits.reserve_more("lab", 1, 0)).wait_s <= 12


async def test_who_has_no_quota_is_not_counted(opening: Opening) -> None:
    limits = await _open(opening, QUOTAS)

    for tenant in ("free", "stranger"):
        standing = await limits.reserve(tenant, 10**9, 0)
        assert (await limits.reserve_more(tenant, 10**9, 0)).granted
        await limits.settle(tenant, 10**9)
        assert (standing.granted, standing.requests, standing.tokens) == (True, None, None)


@pytest.mark.parametrize("opening", ["redis"], indirect=True)
@pytest.mark.parametrize("quota", [SPARSE["lab"], Quota(requests_per_minute=1), Quota(tokens_per_minute=10)])
async def test_gateways_count_together(opening: Opening, quota: Quota) -> None:
    one, other = [await _open(opening, {"lab": quota}) for _ in range(2)]

    assert (await one.reserve("lab", 10, 0)).granted
    assert not (await other.reserve("lab", 1, 0)).granted


async def test_without_redis_a_gateway_counts_alone(redis_apart: RedisServer) -> None:
    section = StoreSection.model_validate({"url": redis_apart.url, "timeout_s": 1})
    async with open_limits(section, SPARSE) as limits:
        redis_apart.kill()

        answers = [await limits.reserve("lab", 0, 0) for _ in range(2)]
        await limits.settle("lab", 5)

    assert [answer.granted for answer in answers] == [True, False]


async def test_without_redis_a_gateway_that_may_not_count_alone_turns_away(redis_apart: RedisServer) -> None:
    section = StoreSection.model_validate({"url": redis_apart.url, "timeout_s": 1})
    async with open_limits(section, SPARSE, alone=False) as limits:
        assert (await limits.reserve("lab", 0, 0)).granted
        redis_apart.kill()

        for reserve in (limits.reserve, limits.reserve_more):
            with pytest.raises(OverloadedError, match="while the store is away"):
                await reserve("lab", 0, 0)
        await limits.settle("lab", 5)


async def test_what_was_set_aside_without_redis_is_given_back_though_it_answers_again(
    redis_apart: RedisServer,
) -> None:
    """A Redis that is full refuses to set aside and takes what is given back: tenants were told 429."""
    section = StoreSection.model_validate({"url": redis_apart.url, "timeout_s": 5})
    async with open_limits(section, {"lab": Quota(tokens_per_minute=10)}) as limits:
        redis_apart.say("CONFIG SET maxmemory 1")
        for _ in range(3):
            assert (await limits.reserve("lab", 10, 0)).granted
            await limits.settle("lab", -10)

        assert (await limits.reserve("lab", 10, 0)).granted
        redis_apart.say("CONFIG SET maxmemory 0")
        await limits.settle("lab", -10)
        assert (await limits.reserve("lab", 10, 0)).granted
        assert not (await limits.reserve("lab", 10, 0)).granted
        await limits.settle("lab", -10)
        assert (await limits.reserve("lab", 10, 0)).granted


@pytest.fixture
def redis_apart(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer, None, None]:
    """A server that may be killed."""
    with redis_server(tmp_path_factory.mktemp("redis_apart")) as server:
        yield server
