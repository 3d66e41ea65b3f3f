"""Coroutines of the tests, and functions that make such, as the program has them."""

from collections.abc import Callable, Coroutine
from typing import Any

from sandbox_runner.jail.remote import pauses


async def awaited(call_back: Callable[..., Any], number: int) -> object:
    """Ask how far it is until it is done; other things of the program go on meanwhile."""
    import asyncio  # noqa: PLC0415 - large, and few programs need it

    pause_s = pauses.growing()
    try:
        while (done := call_back(number, ("step",), {}, attribute=True)) is None:
            await _pause(next(pause_s))
    except asyncio.CancelledError:
        call_back(number, ("cancel",), {}, attribute=True)
        raise
    return done[0]


async def _pause(seconds: float) -> None:
    """Not by `asyncio.sleep`, which tests replace."""
    from asyncio import events  # noqa: PLC0415

    loop = events.get_running_loop()
    over = loop.create_future()
    timer = loop.call_later(seconds, over.set_result, None)
    try:
        await over
    finally:
        timer.cancel()


def function_for(call_back: Callable[..., Any], number: int) -> Callable[..., Coroutine[Any, Any, object]]:
    """A function like that of the tests, which tells that it must be awaited."""

    async def function(*args: object, **kwargs: object) -> object:
        return await call_back(number, args, kwargs)

    return function
