"""Tenants take turns in the queue, and none may fill it; in both stores."""

import asyncio

import pytest

from service.domain.errors import QuotaError
from service.store import Batch, Job, Store
from tests.contract.store.conftest import Opening
from tests.contract.store.jobs import CANCELLED, DONE, job


async def _queue(store: Store, tenant: str, number: int) -> list[Job]:
    jobs = [job(tenant=tenant) for _ in range(number)]
    for one in jobs:
        await store.create(one)
    return jobs


async def _taken(store: Store, number: int) -> list[str]:
    leases = [await store.take() for _ in range(number)]
    return [lease.job.tenant for lease in leases if lease is not None]


async def _jobs_taken(store: Store, number: int) -> list[str]:
    return [lease.job.id for _ in range(number) if (lease := await store.take()) is not None]


async def test_whoever_comes_after_a_flood_has_the_next_turn_but_one(store: Store) -> None:
    await _queue(store, "flood", 20)
    await _taken(store, 3)
    await _queue(store, "trickle", 1)

    assert "trickle" in await _taken(store, 2)


async def test_two_floods_are_served_by_turns(store: Store) -> None:
    await _queue(store, "first", 10)
    await _queue(store, "second", 10)

    taken = await _taken(store, 10)

    assert 4 <= taken.count("first") <= 6


async def test_a_flood_that_comes_later_does_not_catch_up_with_turns_it_never_took(store: Store) -> None:
    await _queue(store, "first", 20)
    await _taken(store, 10)
    await _queue(store, "later", 10)

    taken = await _taken(store, 10)

    assert 4 <= taken.count("later") <= 6


async def test_whoever_asks_again_and_again_starves_nobody_who_waits(store: Store) -> None:
    waiting = await _queue(store, "patient", 5)
    taken = []
    for _ in range(12):
        await _queue(store, "eager", 1)
        taken += await _taken(store, 1)

    assert taken.count("patient") == len(waiting)


async def test_a_tenants_own_jobs_go_in_the_order_they_came(store: Store) -> None:
    jobs = await _queue(store, "lab", 4)

    leases = [await store.take() for _ in jobs]

    assert [lease.job.id for lease in leases if lease] == [one.id for one in jobs]


async def test_what_was_begun_elsewhere_goes_before_what_was_not(store: Store) -> None:
    await _queue(store, "lab", 3)
    begun = job(tenant="lab", last=7, rounds={"0:0": "{}"})
    await store.create(begun)

    lease = await store.take()

    assert lease is not None
    assert lease.job.id == begun.id


async def test_what_was_taken_over_leaves_the_turns_as_they_were(opening: Opening) -> None:
    store = await opening(lease_s=0.5)
    (begun,) = await _queue(store, "lab", 1)
    assert await store.take() is not None
    (waiting,) = await _queue(store, "lab", 1)
    await asyncio.sleep(0.6)
    assert (await _jobs_taken(store, 1)) == [begun.id]

    await _queue(store, "other", 1)

    assert (await _jobs_taken(store, 1)) == [waiting.id]


async def test_a_tenant_with_enough_is_refused_and_others_are_not(opening: Opening) -> None:
    store = await opening(max_queued_of_tenant=2)
    jobs = await _queue(store, "flood", 2)

    with pytest.raises(QuotaError, match="2 background refinements of yours"):
        await store.create(job(tenant="flood"))

    await _queue(store, "other", 1)
    await store.cancel(jobs[0].id, CANCELLED)
    await _queue(store, "flood", 1)


async def test_what_is_done_makes_room(opening: Opening) -> None:
    store = await opening(max_queued_of_tenant=1)
    await _queue(store, "lab", 1)
    lease = await store.take()
    assert lease is not None

    await store.write(lease, Batch(ending=DONE))

    await _queue(store, "lab", 1)


async def test_where_nobody_has_a_name_only_the_whole_is_bounded(opening: Opening) -> None:
    store = await opening(max_queued_of_tenant=1)

    await _queue(store, "", 3)

    assert await store.waiting() == 3
