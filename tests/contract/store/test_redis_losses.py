"""What Redis lost, by whatever it was set up to lose, is in nobody's way."""

import pytest

from service.domain.errors import QuotaError
from service.store import Claim
from tests.contract.store.conftest import Opening
from tests.contract.store.jobs import job
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


async def test_lost_jobs_do_not_count_against_their_tenant(opening: Opening, redis: RedisServer) -> None:
    store = await opening(max_queued_of_tenant=2)
    for _ in range(2):
        await store.create(job(tenant="lab"))
    redis.say(f"DEL {opening.prefix}open")

    for _ in range(2):
        await store.create(job(tenant="lab"))

    with pytest.raises(QuotaError):
        await store.create(job(tenant="lab"))


async def test_a_lost_job_is_not_handed_out(opening: Opening, redis: RedisServer) -> None:
    store, lost, other = await opening(), job(), job()
    await store.create(lost)
    await store.create(other)
    redis.say(f"DEL {opening.prefix}job:{lost.id}")

    lease = await store.take()

    assert lease is not None
    assert lease.job.id == other.id
    assert await store.waiting() == 0
