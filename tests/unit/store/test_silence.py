"""A server's silence, told from time in which we did not listen."""

import asyncio
import time

import pytest

from service.adapters.store.silence import silent_for


async def test_silence_ends_the_wait() -> None:
    with pytest.raises(TimeoutError):
        async with silent_for(0.01):
            await asyncio.Event().wait()


async def test_a_busy_process_hears_what_came_meanwhile() -> None:
    async with silent_for(0.01):
        time.sleep(0.1)  # noqa: ASYNC251 - the event loop is busy
        await asyncio.sleep(0.001)


async def test_nothing_is_left_running_after_an_answer() -> None:
    async with silent_for(0.01):
        pass

    await asyncio.sleep(0.05)
