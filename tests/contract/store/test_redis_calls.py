"""Calls to Redis: cut short by their callers, very many at once, to a server that hangs or forgot."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable
from pathlib import Path

import pytest

from service.adapters.store import open_store
from service.adapters.store.calls import TOGETHER
from service.adapters.store.line import LINES
from service.domain.errors import StoreError
from service.settings import StoreSection
from service.store import Store
from tests.contract.store.jobs import eventually, job
from tests.redis_server import RedisServer, redis_server

BURST = 3000


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


async def test_a_burst_is_served_within_the_patience_for_one_call(redis: RedisServer, tmp_path: Path) -> None:
    section = {"url": redis.url, "prefix": f"{tmp_path.name}:", "max_queued": BURST}
    async with open_store(StoreSection.model_validate(section)) as store, asyncio.TaskGroup() as group:
        created = [group.create_task(store.create(job())) for _ in range(BURST)]

    assert len({one.result().id for one in created}) == BURST


async def test_answers_of_one_round_trip_go_to_whom_they_belong(shared: Store) -> None:
    jobs = [job(request=f'{{"n":{number}}}') for number in range(2 * LINES * TOGETHER)]
    async with asyncio.TaskGroup() as group:
        for one in jobs:
            group.create_task(shared.create(one))

    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(shared.job(one.id)) for one in jobs]

    answers = [one.result() for one in asking]
    assert [answer.request if answer else None for answer in answers] == [one.request for one in jobs]


async def test_a_call_that_is_refused_takes_none_down_that_went_with_it(
    redis: RedisServer, shared: Store, tmp_path: Path
) -> None:
    redis.say(f"SET {tmp_path.name}:job:odd text")
    jobs = [job() for _ in range(3)]

    async with asyncio.TaskGroup() as group:
        created = [group.create_task(shared.create(one)) for one in jobs]
        with pytest.raises(StoreError):
            await shared.job("odd")

    assert [one.result().id for one in created] == [one.id for one in jobs]


async def test_time_in_which_we_are_busy_is_not_redis_silence(redis: RedisServer, tmp_path: Path) -> None:
    section = {"url": redis.url, "prefix": f"{tmp_path.name}:", "timeout_s": 0.1}
    async with open_store(StoreSection.model_validate(section)) as store:
        asking = asyncio.create_task(store.waiting())
        for _ in range(10):
            await asyncio.sleep(0)
            time.sleep(0.2)  # noqa: ASYNC251 - the event loop has something else to do

        assert await asking == 0


async def test_a_redis_that_hangs_is_given_up_and_who_waits_is_told_unsent(tmp_path: Path) -> None:
    directory = tmp_path / "redis"
    directory.mkdir()
    with redis_server(directory) as redis:
        async with open_store(StoreSection.model_validate({"url": redis.url})) as store:
            await store.ping()
            redis.pause()
            async with asyncio.TaskGroup() as group:
                creating = [group.create_task(_failure(store.create(job()))) for _ in range(1000)]
            with pytest.raises(StoreError, match="does not answer"):
                await store.ping()  # nobody waits for it any more
            redis.resume()

            async def answers() -> object:
                return await _failure(store.ping()) is None or None

            assert await eventually(answers)
            new = job(request="mine")
            await store.create(new)
            found, kept = await store.job(new.id), await store.waiting()

    assert all(one.result() is not None for one in creating)
    assert found is not None
    assert found.request == "mine"
    assert kept <= LINES * TOGETHER + 1


async def _failure(call: Awaitable[object]) -> StoreError | None:
    try:
        await call
    except StoreError as error:
        return error
    return None


async def test_a_redis_that_forgot_its_scripts_is_told_them_again(redis: RedisServer, shared: Store) -> None:
    await shared.create(job())
    redis.say("SCRIPT FLUSH")

    await shared.create(job())

    assert await shared.waiting() == 2


async def test_a_redis_whose_memory_is_full_takes_no_new_job(redis: RedisServer, shared: Store) -> None:
    new = job()
    redis.say("CONFIG SET maxmemory 1")
    try:
        with pytest.raises(StoreError):
            await shared.create(new)
    finally:
        redis.say("CONFIG SET maxmemory 0")

    assert await shared.job(new.id) is None
    await shared.create(new)


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
            refusals = [str(await _failure(store.ping())) for _ in range(5)]
        async with open_store(right) as store:
            await store.ping()

    assert all("refuses the password" in refusal for refusal in refusals)
    assert "wrong" not in str(refusals)
    assert "hunter" not in str(refusals)


async def test_a_database_that_redis_has_not_is_told_from_a_redis_that_is_away(redis: RedisServer) -> None:
    url = f"{redis.url.rpartition('/')[0]}/99"
    async with open_store(StoreSection.model_validate({"url": url, "timeout_s": 5})) as store:
        refusals = [str(await _failure(store.ping())) for _ in range(5)]

    assert all("refuses the database of store.url" in refusal for refusal in refusals)
