import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from training.desk import Desk

Work = Callable[[int], Awaitable[int]]


class Worker:
    """Doubles numbers, once it is let go; notes the order."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.free = threading.Event()

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Work, None]:
        yield self.work

    async def work(self, number: int) -> int:
        self.order.append(number)
        await asyncio.to_thread(self.free.wait)
        return 2 * number


@asynccontextmanager
async def stuck() -> AsyncGenerator[Work, None]:
    async def never(_number: int) -> int:
        await asyncio.Event().wait()
        return 0

    yield never


def in_order(worker: Worker, *, newest_first: bool) -> list[int]:
    with Desk(worker.opened, 1, newest_first=newest_first) as desk:
        futures = [desk.start(0)]
        while not worker.order:
            pass
        futures += [desk.start(number) for number in (1, 2, 3)]
        worker.free.set()
        assert [future.result() for future in futures] == [0, 2, 4, 6]
    return worker.order


def test_jobs_are_done_in_the_order_asked_for() -> None:
    assert in_order(Worker(), newest_first=False) == [0, 1, 2, 3]
    assert in_order(Worker(), newest_first=True) == [0, 3, 2, 1]


def test_what_is_asked_for_again_is_new_again_and_done_once() -> None:
    worker = Worker()
    with Desk(worker.opened, 1, newest_first=True) as desk:
        first = desk.start(0)
        while not worker.order:
            pass
        futures = [desk.start(number) for number in (1, 2, 3)]
        assert desk.start(1, futures[0]) is futures[0]
        desk.start(0, first)
        worker.free.set()
    assert worker.order == [0, 1, 3, 2]


@pytest.mark.parametrize("newest_first", [True, False])
def test_what_was_submitted_is_finished_before_the_desk_closes(newest_first: bool) -> None:
    worker = Worker()
    worker.free.set()
    with Desk(worker.opened, 2, newest_first=newest_first) as desk:
        futures = [desk.start(number) for number in range(50)]

    assert [future.result(timeout=0) for future in futures] == [2 * number for number in range(50)]


def test_after_an_error_nothing_is_waited_for() -> None:
    def breaks() -> None:
        with Desk(stuck, 2) as desk:
            for number in range(50):
                desk.start(number)
            raise OSError("disk full")

    before = set(threading.enumerate())
    with pytest.raises(OSError, match="disk full"):
        breaks()
    assert not set(threading.enumerate()) - before
