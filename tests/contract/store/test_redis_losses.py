"""What Redis lost, by whatever it was set up to lose, is in nobody's way."""

from dataclasses import replace

import pytest

from service.domain.errors import QuotaError
from service.store import Claim
from tests.contract.store.conftest import Opening
from tests.contract.store.jobs import CANCELLED, entries, job
from tests.redis_server import RedisServer

CLAIM = Claim("key", "print")

pytestmark = pytest.mark.parametrize("opening", ["redis"], indirect=True)


async def test_the_key_of_a_lost_job_is_free(opening: Opening, redis: RedisServer) -> None:
    store, lost, again = await opening(), job(), job()
    await store.create(lost, claim=CLAIM)
    redis.say(f"DEL {opening.prefix}job:{lost.id}")

    created = await store.create(again, claim=CLAIM)

    assert (created.id, created.joined) == (again.id, False)
    assert await store.job(lost.id) is None


async def test_a_job_is_told_again_over_what_is_left_of_it(opening: Opening, redis: RedisServer) -> None:
    store, lost = await opening(), job(rounds={"0:0": "{}"})
    await store.create(replace(lost, rounds={"0:0": "old"}), entries(1, 3))
    redis.say(f"DEL {opening.prefix}job:{lost.id}")

    await store.create(lost, entries(1, 1))

    kept, log = await store.job(lost.id), await store.log(lost.id, 0)
    assert kept is not None
    assert log is not None
    assert (kept.rounds, log.entries) == ({"0:0": "{}"}, tuple(entries(1, 1)))


async def test_lost_jobs_do_not_count_against_their_tenant(opening: Opening, redis: RedisServer) -> None:
    store = await opening(max_queued_of_tenant=2)
    for _ in range(2):
        await store.create(job(tenant="lab"))
    redis.say(f"DEL {opening.prefix}open")

    for _ in range(2):
        await store.create(job(tenant="lab"))

    with pytest.raises(QuotaError):
        await store.create(job(tenant="lab"))


async def test_of_tenants_who_have_nothing_left_nothing_is_kept(opening: Opening, redis: RedisServer) -> None:
    store, waiting = await opening(), job(tenant="patient")
    await store.create(waiting)
    for number in range(3):
        gone = job(tenant=f"gone-{number}")
        await store.create(gone)
        await store.cancel(gone.id, CANCELLED)

    assert redis.say(f"HLEN {opening.prefix}open:tenants") == b":1\r\n"


async def test_a_lost_job_is_not_handed_out(opening: Opening, redis: RedisServer) -> None:
    store, lost, other = await opening(), job(), job()
    await store.create(lost)
    await store.create(other)
    redis.say(f"DEL {opening.prefix}job:{lost.id}")

    lease = await store.take()

    assert lease is not None
    assert lease.job.id == other.id
    assert await store.waiting() == 0
