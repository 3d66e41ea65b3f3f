"""A store in this process holds as much as there is memory for, and no tenant's share is another's."""

import pytest

from service.adapters.store import memory
from service.adapters.store.finished import Finished
from service.adapters.store.memory import MemoryStore
from service.domain.errors import OverloadedError, QuotaError
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
