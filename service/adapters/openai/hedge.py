"""A copy of a late call on another replica: whichever answers first is taken, the other one is stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def soonest(
    ask: Callable[[], Coroutine[Any, Any, T]],
    after_s: float,
    *,
    may_copy: Callable[[], bool],
    is_answer: Callable[[T], bool],
    drop: Callable[[T], Awaitable[None]],
) -> T:
    """Ask, and once more if nothing has come after `after_s`; return the first answer.

    Where there is none, the first call's outcome is returned, or what it raised. `drop` gets an answer that
    came too late.
    """
    first = asyncio.create_task(ask())
    calls, taken = [first], None
    try:
        await asyncio.wait(calls, timeout=after_s)
        if not first.done() and may_copy():
            calls.append(asyncio.create_task(ask()))
        taken = await _first_answer(calls, is_answer) or first
        return await taken
    finally:
        await _end([call for call in calls if call is not taken], is_answer, drop)


async def _first_answer(
    calls: list[asyncio.Task[T]], is_answer: Callable[[T], bool]
) -> asyncio.Task[T] | None:
    left = set(calls)
    while left:
        done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
        for call in done:
            if _answered(call, is_answer):
                return call
    return None


def _answered(call: asyncio.Task[T], is_answer: Callable[[T], bool]) -> bool:
    return not call.cancelled() and call.exception() is None and is_answer(call.result())


async def _end(
    calls: list[asyncio.Task[T]], is_answer: Callable[[T], bool], drop: Callable[[T], Awaitable[None]]
) -> None:
    for call in calls:
        call.cancel()
    if calls:
        await asyncio.wait(calls)
    for call in calls:
        if _answered(call, is_answer):
            await drop(call.result())
