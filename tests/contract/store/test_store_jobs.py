"""A job is kept, worked at, ended once, and told of as long as it is kept."""

import asyncio

import pytest

from service.domain.errors import OverloadedError
from service.store import Batch, Entry, Glance, Job, JobStatus, Store
from tests.contract.store.conftest import Opening
from tests.contract.store.jobs import CANCELLED, DONE, FAILED, batch, entries, eventually, job

STRANGER = "rf_" + "f" * 32


async def test_a_new_job_waits_with_all_that_was_said_of_it(store: Store) -> None:
    new = job(tenant="acme", trace="00-1-2-01", background=True, request='{"problem":"ü\\u2028"}')

    await store.create(new, entries(1, 1))

    kept = await store.job(new.id)
    assert kept is not None
    assert (kept.request, kept.created, kept.tenant, kept.trace) == (new.request, 7, "acme", "00-1-2-01")
    assert (kept.status, kept.background, kept.last, kept.ending) == (JobStatus.QUEUED, True, 1, None)
    assert await store.waiting() == 1


async def test_nothing_is_known_of_a_stranger(store: Store) -> None:
    assert await store.job(STRANGER) is None
    assert await store.log(STRANGER, 0) is None
    assert await store.look([STRANGER]) == {}
    assert await store.cancel(STRANGER, CANCELLED) is None
    await store.leave(STRANGER, CANCELLED)
    await store.keep(STRANGER)
    assert await store.job(STRANGER) is None


async def test_the_log_is_read_from_anywhere(store: Store) -> None:
    new = job()
    await store.create(new, entries(1, 5))

    log = await store.log(new.id, 0)
    tail = await store.log(new.id, 3)
    head = await store.log(new.id, 0, limit=2)
    nothing = await store.log(new.id, 5)

    assert log is not None
    assert log.entries == tuple(entries(1, 5))
    assert (log.trimmed, log.status) == (0, JobStatus.QUEUED)
    assert tail is not None
    assert tail.entries == tuple(entries(4, 5))
    assert head is not None
    assert head.entries == tuple(entries(1, 2))
    assert nothing is not None
    assert nothing.entries == ()


async def test_text_of_any_kind_comes_back_as_it_was(store: Store) -> None:
    new = job()
    nasty = Entry(1, "solution.delta", '{"delta":"\r\n\x00\u2028 data: 🦀"}')

    await store.create(new, [nasty])

    log = await store.log(new.id, 0)
    assert log is not None
    assert log.entries == (nasty,)


async def test_an_owner_writes_events_and_rounds_and_the_end(store: Store) -> None:
    new = job()
    await store.create(new, entries(1, 1))
    lease = await store.take()
    assert lease is not None

    await store.write(lease, Batch(entries(2, 3), {"0:0": "{}"}))
    await store.write(lease, Batch(entries(4, 4), {"0:1": "[]"}, DONE))

    kept = await store.job(new.id)
    assert kept is not None
    assert kept.rounds == {"0:0": "{}", "0:1": "[]"}
    assert (kept.status, kept.last) == (JobStatus.COMPLETED, 5)
    assert kept.ending == Entry(5, DONE.event, DONE.data)
    log = await store.log(new.id, 1)
    assert log is not None
    assert log.entries == (*entries(2, 4), kept.ending)
    assert await store.waiting() == 0


async def test_a_batch_may_be_repeated(store: Store) -> None:
    """Whoever lost the answer to a write does not know that it was done."""
    new = job()
    await store.create(new, entries(1, 1))
    lease = await store.take()
    assert lease is not None
    said = Batch(entries(2, 3), {"0:0": "{}"})
    ended = Batch(entries(4, 4), ending=DONE)

    for repeated in (said, said, ended, ended):
        await store.write(lease, repeated)

    log = await store.log(new.id, 0)
    assert log is not None
    assert [entry.sequence for entry in log.entries] == [1, 2, 3, 4, 5]


async def test_a_glance_tells_where_jobs_stand(store: Store) -> None:
    first, second = job(), job()
    await store.create(first, entries(1, 2))
    await store.create(second)
    await store.cancel(second.id, CANCELLED)

    glances = await store.look([first.id, STRANGER, second.id])

    assert glances == {first.id: Glance(JobStatus.QUEUED, 2), second.id: Glance(JobStatus.CANCELLED, 1)}


async def test_a_glance_tells_that_a_log_is_read_while_there_is_more_to_come(store: Store) -> None:
    new = job()
    await store.create(new, entries(1, 1))
    unread = await store.look([new.id])
    await store.log(new.id, 1, counted=False)
    await store.log(new.id, 1)
    read = await store.look([new.id])
    lease = await store.take()
    assert lease is not None
    await store.write(lease, Batch(ending=DONE))
    await store.log(new.id, 1)

    assert (unread[new.id].reads, read[new.id].reads, lease.job.reads) == (0, 1, 1)
    assert (await store.look([new.id]))[new.id].reads == 1


async def test_of_a_long_log_the_latest_is_kept_and_what_is_gone_is_told(opening: Opening) -> None:
    store = await opening(max_events=20)
    new = job()
    await store.create(new, entries(1, 1))
    lease = await store.take()
    assert lease is not None

    await store.write(lease, batch(2, 18))
    whole = await store.log(new.id, 0)
    await store.write(lease, batch(19, 50))
    await store.write(lease, Batch(ending=DONE))

    assert whole is not None
    assert (len(whole.entries), whole.trimmed) == (18, 0)
    log = await store.log(new.id, 0)
    assert log is not None
    assert [entry.sequence for entry in log.entries] == list(range(32, 52))
    assert log.trimmed == 31


async def test_a_job_is_cancelled_once_wherever_it_is(store: Store) -> None:
    waiting, working, finished = job(), job(), job()
    await store.create(working)
    lease = await store.take()
    await store.create(finished)
    done = await store.take()
    assert lease is not None
    assert done is not None
    await store.write(done, Batch(ending=DONE))
    await store.create(waiting)

    assert await store.cancel(waiting.id, CANCELLED) is JobStatus.QUEUED
    assert await store.cancel(working.id, CANCELLED) is JobStatus.IN_PROGRESS
    assert await store.cancel(finished.id, CANCELLED) is JobStatus.COMPLETED
    assert await store.cancel(working.id, CANCELLED) is JobStatus.CANCELLED

    kept = await store.job(working.id)
    assert kept is not None
    assert kept.ending == Entry(1, CANCELLED.event, CANCELLED.data)
    assert kept.last == 1
    assert await store.take() is None


async def test_the_queue_has_a_bound_and_finished_jobs_do_not_count(opening: Opening) -> None:
    store = await opening(max_queued=2)
    first, second = job(), job()
    await store.create(first)
    await store.create(second)

    with pytest.raises(OverloadedError):
        await store.create(job())

    await store.cancel(first.id, CANCELLED)
    await store.create(job())


async def test_a_finished_job_is_forgotten_after_its_time_and_an_unfinished_one_is_not(
    opening: Opening,
) -> None:
    store = await opening(ttl_s=1)
    waiting, failed = job(), job()
    await store.create(failed)
    lease = await store.take()
    assert lease is not None
    await store.create(waiting)
    await store.write(lease, Batch(ending=FAILED))

    async def gone() -> bool | None:
        return True if await store.job(failed.id) is None else None

    assert await store.job(failed.id) is not None
    await eventually(gone)
    await asyncio.sleep(0.1)

    assert await store.log(failed.id, 0) is None
    assert await store.job(waiting.id) is not None


async def test_a_job_can_be_taken_up_with_its_history(store: Store) -> None:
    """So is a stream that was interrupted turned into a job: numbers go on, what came before is gone."""
    new: Job = job(rounds={"0:0": "{}"}, last=7)

    await store.create(new)

    kept, log = await store.job(new.id), await store.log(new.id, 7)
    assert kept is not None
    assert (kept.rounds, kept.last) == ({"0:0": "{}"}, 7)
    assert log is not None
    assert log.trimmed == 7


async def test_it_answers(store: Store) -> None:
    await store.ping()
