"""An idempotency key stands for one request, which is carried out once."""

import asyncio

import pytest

from service.domain.errors import RequestError
from service.store import Batch, Claim, JobStatus, Store
from tests.contract.store.conftest import Opening
from tests.contract.store.jobs import CANCELLED, DONE, FAILED, eventually, job

CLAIM = Claim("key", "print")


async def test_a_key_joins_the_job_that_runs(store: Store) -> None:
    first = job()

    created = await store.create(first, claim=CLAIM)
    joined = await store.create(job(), claim=CLAIM, leased=True)

    assert (created.id, created.joined) == (first.id, False)
    assert (joined.id, joined.joined, joined.lease) == (first.id, True, None)
    assert await store.waiting() == 1


async def test_a_key_joins_the_job_that_is_completed(store: Store) -> None:
    first = job()
    created = await store.create(first, claim=CLAIM, leased=True)
    assert created.lease is not None
    await store.write(created.lease, Batch(ending=DONE))

    assert (await store.create(job(), claim=CLAIM)).id == first.id


async def test_fifty_at_once_create_one_job(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        posts = [group.create_task(store.create(job(), claim=CLAIM)) for _ in range(50)]

    assert len({post.result().id for post in posts}) == 1
    assert sum(not post.result().joined for post in posts) == 1
    assert await store.waiting() == 1


async def test_a_key_with_another_request_is_refused_and_names_itself(store: Store) -> None:
    await store.create(job(), claim=CLAIM)

    with pytest.raises(RequestError) as refusal:
        await store.create(job(), claim=Claim("key", "other"))

    assert refusal.value.field == "Idempotency-Key"
    assert await store.waiting() == 1


async def test_other_keys_and_none_are_other_jobs(store: Store) -> None:
    created = [await store.create(job(), claim=claim) for claim in (CLAIM, Claim("k2", "print"), None, None)]

    assert len({one.id for one in created}) == 4


@pytest.mark.parametrize("ending", [FAILED, CANCELLED])
async def test_what_failed_is_not_repeated_by_its_key(store: Store, ending: object) -> None:
    first, second = job(), job()
    created = await store.create(first, claim=CLAIM, leased=True)
    assert created.lease is not None
    if ending is FAILED:
        await store.write(created.lease, Batch(ending=FAILED))
    else:
        await store.cancel(first.id, CANCELLED)

    again = await store.create(second, claim=CLAIM)

    assert (again.id, again.joined) == (second.id, False)


async def test_a_key_is_free_again_after_its_time(opening: Opening) -> None:
    store = await opening(ttl_s=0.2)
    first = job()
    await store.create(first, claim=CLAIM)

    async def another() -> str | None:
        created = await store.create(job(), claim=CLAIM)
        return None if created.joined else created.id

    assert await eventually(another) != first.id


async def test_a_foreground_job_ends_with_the_last_client_that_waits(store: Store) -> None:
    first = job(background=False)
    await store.create(first, claim=CLAIM, leased=True)
    await store.create(job(), claim=CLAIM)

    await store.leave(first.id, CANCELLED)
    between = await store.job(first.id)
    await store.leave(first.id, CANCELLED)
    after = await store.job(first.id)

    assert between is not None
    assert between.status is JobStatus.IN_PROGRESS
    assert after is not None
    assert after.status is JobStatus.CANCELLED
    assert after.ending is not None


async def test_a_background_job_goes_on_when_nobody_waits(store: Store) -> None:
    first, second = job(background=True), job(background=False)
    await store.create(first)
    await store.create(second)
    await store.keep(second.id)

    for one in (first, second):
        await store.leave(one.id, CANCELLED)

    assert {glance.status for glance in (await store.look([first.id, second.id])).values()} == {
        JobStatus.QUEUED
    }


async def test_leaving_changes_nothing_about_what_is_done(store: Store) -> None:
    first = job(background=False)
    created = await store.create(first, leased=True)
    assert created.lease is not None
    await store.write(created.lease, Batch(ending=DONE))

    await store.leave(first.id, CANCELLED)

    kept = await store.job(first.id)
    assert kept is not None
    assert kept.status is JobStatus.COMPLETED
