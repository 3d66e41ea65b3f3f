"""Workers are heard together, and none is left behind."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from service.domain.errors import CriticError
from service.domain.merging import Emit, Worker, merged
from tests.fakes import other_tasks


def counting(name: str, count: int) -> Worker[str]:
    async def work(emit: Emit[str]) -> None:
        for number in range(count):
            await emit(f"{name}{number}")
            await asyncio.sleep(0)

    return work


async def hang(emit: Emit[str]) -> None:
    await emit("hung")
    await asyncio.Event().wait()


async def fail(emit: Emit[str]) -> None:
    raise CriticError("down")


async def fail_when_cancelled(emit: Emit[str]) -> None:
    try:
        while True:
            await emit("more")
    finally:
        raise CriticError("could not clean up")


async def collect(events: AsyncGenerator[str, None]) -> list[str]:
    async with aclosing(events):
        return [event async for event in events]


async def test_each_worker_is_heard_in_order_and_to_the_end() -> None:
    events = await collect(merged([counting("a", 200), counting("b", 3)]))

    assert [event for event in events if event.startswith("a")] == [f"a{number}" for number in range(200)]
    assert sorted(event for event in events if event.startswith("b")) == ["b0", "b1", "b2"]


async def test_workers_take_turns() -> None:
    events = await collect(merged([counting("a", 2), counting("b", 2)]))

    assert events == ["a0", "b0", "a1", "b1"]


async def test_no_workers_say_nothing() -> None:
    assert await collect(merged([])) == []


async def test_a_worker_waits_for_its_reader() -> None:
    said = 0

    async def talk(emit: Emit[str]) -> None:
        nonlocal said
        while True:
            await emit("x")
            said += 1

    async with aclosing(merged([talk])) as events:
        await anext(events)
        for _ in range(10):
            await asyncio.sleep(0)
        assert said <= 65
    assert not other_tasks()


async def test_an_error_ends_all_workers_and_comes_alone() -> None:
    with pytest.raises(CriticError, match="down"):
        await collect(merged([hang, fail, fail]))
    assert not other_tasks()


async def test_a_bug_comes_as_it_is() -> None:
    async def divide(emit: Emit[str]) -> None:
        await emit(str(1 / 0))

    with pytest.raises(ZeroDivisionError):
        await collect(merged([hang, divide]))
    assert not other_tasks()


async def test_an_error_does_not_interrupt_the_reader_between_two_events() -> None:
    async with aclosing(merged([hang, fail])) as events:
        assert await anext(events) == "hung"
        await asyncio.sleep(0.01)
        with pytest.raises(CriticError):
            await anext(events)


@pytest.mark.parametrize("worker", [hang, fail_when_cancelled])
async def test_closing_leaves_no_task_behind(worker: Worker[str]) -> None:
    events = merged([worker, worker])
    await anext(events)

    await events.aclose()

    assert not other_tasks()


async def test_cancelling_the_reader_leaves_no_task_behind() -> None:
    async def read() -> None:
        await collect(merged([hang, hang]))

    reader = asyncio.ensure_future(read())
    await asyncio.sleep(0.01)
    assert len(other_tasks()) == 3

    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader

    assert not other_tasks()
