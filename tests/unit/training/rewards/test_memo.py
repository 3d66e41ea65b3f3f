import asyncio

import pytest

from training.rewards.memo import Memo


async def test_equal_work_under_way_is_joined_and_done_once() -> None:
    memo: Memo[str, int] = Memo()
    calls = 0

    async def work() -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        return 7

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(memo.get("a", work)) for _ in range(20)]

    assert [task.result() for task in tasks] == [7] * 20
    assert calls == 1


async def test_a_failure_is_shared_by_those_who_wait_and_not_kept() -> None:
    memo: Memo[str, int] = Memo()
    outcomes: list[object] = []

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("broken")

    async def ask() -> None:
        try:
            outcomes.append(await memo.get("a", fail))
        except ValueError as error:
            outcomes.append(str(error))

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(ask())

    async def mended() -> int:
        return 1

    assert outcomes == ["broken"] * 3
    assert await memo.get("a", mended) == 1


async def test_one_who_stops_waiting_does_not_stop_the_work() -> None:
    memo: Memo[str, int] = Memo()
    go = asyncio.Event()

    async def work() -> int:
        await go.wait()
        return 3

    async with asyncio.TaskGroup() as group:
        first = group.create_task(memo.get("a", work))
        second = group.create_task(memo.get("a", work))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        go.set()

    assert first.result() == 3


async def test_the_oldest_result_is_forgotten_beyond_the_bound() -> None:
    memo: Memo[int, int] = Memo(kept=2)
    worked: list[int] = []

    async def ask(key: int) -> None:
        async def work() -> int:
            worked.append(key)
            return key

        await memo.get(key, work)

    for key in (1, 2, 1, 3, 1, 2):
        await ask(key)

    assert worked == [1, 2, 3, 2]


async def test_a_cancelled_worker_cancels_those_who_joined() -> None:
    memo: Memo[str, int] = Memo()

    async def work() -> int:
        await asyncio.Event().wait()
        return 0

    first = asyncio.ensure_future(memo.get("a", work))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(memo.get("a", work))
    await asyncio.sleep(0)
    first.cancel()

    with pytest.raises(asyncio.CancelledError):
        await second
