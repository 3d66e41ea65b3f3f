"""Ctrl-C and SIGTERM as an end between two steps, so that nothing is half done."""

import asyncio
import signal
from collections.abc import Awaitable

_STOPS = (signal.SIGINT, signal.SIGTERM)


async def unless_stopped(work: Awaitable[object]) -> bool:
    """Wait for work, which Ctrl-C and SIGTERM cancel; return whether they did."""
    loop, task, stopped = asyncio.get_running_loop(), asyncio.current_task(), False
    assert task is not None

    def stop() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    for number in _STOPS:
        loop.add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        if not stopped:
            raise
        task.uncancel()
    finally:
        for number in _STOPS:
            loop.remove_signal_handler(number)
    return stopped
