"""Calls to Redis: cut short by their callers, more than there are connections, to a server that forgot."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from service.adapters.store import open_store
from service.adapters.store.calls import CONNECTIONS
from service.domain.errors import StoreError
from service.settings import StoreSection
from service.store import Store
from tests.contract.store.jobs import eventually, job
from tests.redis_server import RedisServer, redis_server


@pytest.fixture
async def shared(redis: RedisServer, tmp_path: Path) -> AsyncGenerator[Store, None]:
    section = {"url": redis.url, "prefix": f"{tmp_path.name}:", "timeout_s": 10}
    async with open_store(StoreSection.model_validate(section)) as store:
        yield store


async def test_a_caller_that_is_cancelled_leaves_its_answer_to_nobody_else(shared: Store) -> None:
    jobs = [job(request=f'{{"n":{number}}}') for number in range(20)]
    for one in jobs:
        await shared.create(one)

    for one in jobs:
        asking = asyncio.create_task(shared.job(one.id))
        await asyncio.sleep(0)
        asking.cancel()
    answers = [await shared.job(one.id) for one in jobs]

    assert [answer.request if answer else None for answer in answers] == [one.request for one in jobs]


async def test_a_write_whose_caller_is_cancelled_is_done_all_the_same(shared: Store) -> None:
    new = job()
    creating = asyncio.create_task(shared.create(new))
    await asyncio.sleep(0)
    creating.cancel()

    assert (await eventually(lambda: shared.job(new.id))).id == new.id


async def test_more_calls_than_connections_wait_for_one(shared: Store) -> None:
    new = job()
    await shared.create(new)

    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(shared.job(new.id)) for _ in range(5 * CONNECTIONS)]

    assert all(one.result() is not None for one in asking)


async def test_a_redis_that_forgot_its_scripts_is_told_them_again(redis: RedisServer, shared: Store) -> None:
    await shared.create(job())
    redis.say("SCRIPT FLUSH")

    await shared.create(job())

    assert await shared.waiting() == 2


async def test_a_redis_that_died_is_named_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    directory = tmp_path / "redis"
    directory.mkdir()
    with redis_server(directory) as redis:
        section = StoreSection.model_validate({"url": redis.url, "timeout_s": 1})
        async with open_store(section) as store:
            new = job()
            await store.create(new)
            redis.kill()
            for _ in range(5):
                with pytest.raises(StoreError, match="redis"):
                    await store.ping()
            redis.start()

            async def found() -> object:
                try:
                    return await store.job(new.id)
                except StoreError:
                    return None

            assert await eventually(found) is not None


async def test_a_redis_that_wants_a_password_gets_it_and_never_shows_it(tmp_path: Path) -> None:
    directory = tmp_path / "redis"
    directory.mkdir()
    with redis_server(directory) as redis:
        redis.say("CONFIG SET requirepass hunter2")
        wrong = StoreSection.model_validate({"url": redis.url.replace("//", "//:wrong@"), "timeout_s": 5})
        right = StoreSection.model_validate({"url": redis.url.replace("//", "//:hunter2@"), "timeout_s": 5})
        async with open_store(wrong) as store:
            with pytest.raises(StoreError) as refusal:
                await store.ping()
        async with open_store(right) as store:
            await store.ping()

    assert "wrong" not in str(refusal.value)
    assert "hunter" not in str(refusal.value)
