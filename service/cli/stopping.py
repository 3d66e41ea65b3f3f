"""Ctrl-C and SIGTERM: an end between two steps, so that nothing is half done; at once before the first."""

import asyncio
import signal
from collections.abc import Awaitable, Generator
from contextlib import contextmanager

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ended_at_once() -> Generator[None, None, None]:
    """Let either end the process without a word, unless it is ignored: nothing is there to put in order."""
    before = {number: signal.getsignal(number) for number in _STOPS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
