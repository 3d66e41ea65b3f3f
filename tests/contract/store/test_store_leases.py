"""A job has one owner, and when the owner falls silent, another one."""

import asyncio

import pytest

from service.store import Batch, JobStatus, Lease, LeaseLostError, Store, UnknownJobError
from tests.contract.store.conftest import Opening
from tests.contract.store.jobs import CANCELLED, DONE, batch, entries, eventually, job

SHORT = {"lease_s": 0.5}


async def test_jobs_are_taken_in_order_and_once(store: Store) -> None:
    first, second = job(), job()
    await store.create(first)
    await asyncio.sleep(0.01)  # longer than the clock's grain
    await store.create(second)

    taken = [await store.take() for _ in range(3)]

    assert [lease.job.id if lease else None for lease in taken] == [first.id, second.id, None]
    kept = await store.job(first.id)
    assert kept is not None
    assert kept.status is JobStatus.IN_PROGRESS


async def test_many_who_reach_for_one_job_get_it_once(store: Store) -> None:
    await store.create(job())

    async with asyncio.TaskGroup() as group:
        takers = [group.create_task(store.take()) for _ in range(20)]

    assert sum(taker.result() is not None for taker in takers) == 1


async def test_a_job_may_be_leased_as_it_is_created(store: Store) -> None:
    new = job()

    created = await store.create(new, entries(1, 2), leased=True)

    assert created.lease is not None
    assert (created.lease.job.last, created.lease.job.status) == (2, JobStatus.IN_PROGRESS)
    assert await store.take() is None
    await store.write(created.lease, batch(3, 3))


async def test_a_lease_that_expired_is_taken_over_with_all_that_was_finished(opening: Opening) -> None:
    store = await opening(**SHORT)
    new = job()
    await store.create(new, entries(1, 1))
    first = await store.take()
    assert first is not None
    await store.write(first, Batch(entries(2, 4), {"0:0": '{"a":1}'}))

    second = await eventually(store.take)

    assert second.job.id == new.id
    assert (second.job.rounds, second.job.last, second.job.request) == ({"0:0": '{"a":1}'}, 4, new.request)
    assert second.token > first.token
    assert (first.crashes, second.crashes) == (0, 1)


async def test_what_a_stale_owner_writes_is_refused(opening: Opening) -> None:
    store = await opening(**SHORT)
    new = job()
    await store.create(new, entries(1, 1))
    stale = await store.take()
    assert stale is not None
    owner = await eventually(store.take)
    await store.write(owner, Batch(entries(2, 2), {"0:0": "theirs"}))

    for late in (batch(2, 9), Batch(rounds={"0:1": "late"}), Batch(ending=DONE), Batch()):
        with pytest.raises(LeaseLostError):
            await store.write(stale, late)
    with pytest.raises(LeaseLostError):
        await store.release(stale)

    kept = await store.job(new.id)
    assert kept is not None
    assert (kept.status, kept.last, kept.rounds) == (JobStatus.IN_PROGRESS, 2, {"0:0": "theirs"})
    await store.write(owner, Batch(ending=DONE))


async def test_only_one_owner_completes_a_job(opening: Opening) -> None:
    store = await opening(**SHORT)
    await store.create(job())
    stale = await store.take()
    assert stale is not None
    owner = await eventually(store.take)
    await store.write(owner, Batch(ending=DONE))

    with pytest.raises(LeaseLostError):
        await store.write(stale, Batch(ending=DONE))


async def test_writing_renews_a_lease(opening: Opening) -> None:
    store = await opening(lease_s=2)
    await store.create(job())
    lease = await store.take()
    assert lease is not None

    for _ in range(5):
        await asyncio.sleep(0.5)
        await store.write(lease, Batch())
        assert await store.take() is None


async def test_an_owner_nobody_relieved_may_go_on_after_its_lease(opening: Opening) -> None:
    """A store that was away for a while must not cost the work of those who waited for it."""
    store = await opening(**SHORT)
    await store.create(job())
    lease = await store.take()
    assert lease is not None
    await asyncio.sleep(0.6)

    await store.write(lease, batch(1, 1))

    assert await store.take() is None


async def test_a_released_job_goes_to_the_next_at_once_and_is_no_crash(store: Store) -> None:
    await store.create(job())
    first = await store.take()
    assert first is not None

    await store.release(first)
    second = await store.take()

    assert second is not None
    assert second.token > first.token
    assert second.crashes == 0
    with pytest.raises(LeaseLostError):
        await store.write(first, batch(1, 1))


async def test_what_was_begun_goes_before_what_was_not(store: Store) -> None:
    begun = job()
    await store.create(begun)
    first = await store.take()
    assert first is not None
    await store.create(job())
    await asyncio.sleep(0.01)

    await store.release(first)

    second = await store.take()
    assert second is not None
    assert second.job.id == begun.id


async def test_a_job_that_is_put_off_is_taken_by_nobody_until_then(store: Store) -> None:
    new = job()
    await store.create(new)
    first = await store.take()
    assert first is not None

    await store.release(first, 0.3)
    too_early = await store.take()
    second = await eventually(store.take)

    assert too_early is None
    assert (second.job.id, second.crashes, second.setbacks) == (new.id, 0, 1)


async def test_setbacks_are_counted_until_a_round_is_finished(store: Store) -> None:
    await store.create(job())
    for number in range(3):
        lease = await store.take()
        assert lease is not None
        assert lease.setbacks == number
        await store.write(lease, batch(number + 1, number + 1))
        await store.release(lease, 0.0)
    lease = await store.take()
    assert lease is not None
    await store.write(lease, Batch(rounds={"0:0": "{}"}))
    await store.release(lease)

    last = await store.take()

    assert last is not None
    assert last.setbacks == 0


async def test_the_owner_of_a_cancelled_job_is_refused(store: Store) -> None:
    new = job()
    await store.create(new)
    lease = await store.take()
    assert lease is not None
    await store.cancel(new.id, CANCELLED)

    with pytest.raises(LeaseLostError):
        await store.write(lease, Batch(ending=DONE))

    kept = await store.job(new.id)
    assert kept is not None
    assert kept.status is JobStatus.CANCELLED


async def test_the_owner_of_a_job_that_the_store_lost_is_told_so(store: Store) -> None:
    lost = Lease(job(), 1)

    with pytest.raises(UnknownJobError):
        await store.write(lost, batch(1, 1))
    with pytest.raises(UnknownJobError):
        await store.release(lost)
