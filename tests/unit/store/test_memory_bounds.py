"""A store in this process holds as much as there is memory for, and no tenant's share is another's."""

from collections import Counter
from collections.abc import Iterable
from random import Random

import pytest

from service.adapters.store import memory
from service.adapters.store.bounds import StoreBounds
from service.adapters.store.finished import Finished
from service.adapters.store.memory import MemoryStore
from service.domain.errors import OverloadedError, QuotaError
from service.shares import Shares
from service.store import Batch, Ending, Job, JobStatus

DONE = Ending(JobStatus.COMPLETED, "refinement.completed", '{"solution":"x"}')


def _job(name: str, tenant: str = "", request: str = "{}") -> Job:
    return Job(id=name, request=request, created=7, tenant=tenant)


async def _finish(store: MemoryStore, job: Job) -> None:
    created = await store.create(job, leased=True)
    assert created.lease is not None
    await store.write(created.lease, Batch(ending=DONE))


async def test_a_flood_of_finished_jobs_lets_go_of_its_own() -> None:
    store = MemoryStore()
    store._finished = Finished(most=10)  # noqa: SLF001 - a smaller one
    await _finish(store, _job("mine", "quiet"))

    for number in range(50):
        await _finish(store, _job(f"flood-{number}", "loud"))

    assert await store.job("mine") is not None
    assert await store.job("flood-49") is not None
    assert await store.job("flood-10") is None


async def test_finished_jobs_are_kept_by_their_size_and_the_latest_in_any_case() -> None:
    store = MemoryStore()
    store._finished = Finished(most_chars=1_000)  # noqa: SLF001 - a smaller one
    await _finish(store, _job("small", "quiet"))

    for number in range(4):
        await _finish(store, _job(f"large-{number}", "loud", "x" * 600))
    await _finish(store, _job("huge", "loud", "x" * 5_000))

    kept = [name for name in ("large-3", "huge") if await store.job(name) is not None]
    assert kept == ["huge"]


async def test_a_small_result_stands_beside_large_ones_of_others() -> None:
    store = MemoryStore()
    store._finished = Finished(most_chars=1_000)  # noqa: SLF001 - a smaller one
    await _finish(store, _job("small", "quiet"))

    for number in range(4):
        await _finish(store, _job(f"large-{number}", "loud", "x" * 600))

    assert await store.job("small") is not None
    assert await store.job("large-3") is not None
    assert await store.job("large-2") is None


async def test_large_requests_that_wait_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand of four megabytes each were taken."""
    monkeypatch.setattr(memory, "OPEN_CHARS", 4_000)
    store = MemoryStore()
    await store.create(_job("a", "one", "x" * 900))

    with pytest.raises(QuotaError):
        await store.create(_job("b", "one", "x" * 900))
    for tenant in ("two", "three", "four"):
        await store.create(_job(tenant, tenant, "x" * 900))
    with pytest.raises(OverloadedError):
        await store.create(_job("c", "five", "x" * 900))
    await store.create(_job("d", "five", "x" * 90))


async def test_what_is_counted_as_jobs_come_and_go_is_what_there_is() -> None:
    """They come, are replaced, end, are cancelled, grow old and are too many."""
    dice, times = Random(7), iter(range(10_000))
    store = MemoryStore(StoreBounds(ttl_s=200), clock=lambda: next(times))
    store._finished = Finished(most=20, most_chars=4_000)  # noqa: SLF001 - a smaller one
    for _ in range(600):
        name = f"job-{dice.randrange(60)}"
        match dice.randrange(3):
            case 0:
                request = "x" * dice.randrange(400)
                await store.create(_job(name, dice.choice(["", "one", "two"]), request))
            case 1:
                await store.cancel(name, DONE)
            case _ if lease := await store.take():
                await store.write(lease, Batch(ending=DONE))

        assert _is_counted(store)


def _is_counted(store: MemoryStore) -> bool:
    """Whether the sums are those of the jobs that are there."""
    going, ended = store._open.values(), store._finished  # noqa: SLF001 - what is counted
    kept = ended._kept.values()  # noqa: SLF001
    pairs: tuple[tuple[Shares, Iterable[tuple[str, int]]], ...] = (
        (store._open_jobs, [(each.job.tenant, 1) for each in going]),  # noqa: SLF001
        (store._open_chars, [(each.job.tenant, len(each.job.request)) for each in going]),  # noqa: SLF001
        (ended._jobs, [(each.tenant, 1) for each in kept]),  # noqa: SLF001
        (ended._chars, [(each.tenant, each.chars) for each in kept]),  # noqa: SLF001
    )
    return all(_sums(shares, amounts) for shares, amounts in pairs)


def _sums(shares: Shares, amounts: Iterable[tuple[str, int]]) -> bool:
    of: Counter[str] = Counter()
    for tenant, amount in amounts:
        of[tenant] += amount
    return shares == Shares(of.total(), {tenant: amount for tenant, amount in of.items() if amount})
