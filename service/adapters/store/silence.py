"""How long a server may be silent, counted only while this process listens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

_SLICES = 20


@asynccontextmanager
async def silent_for(seconds: float) -> AsyncGenerator[None, None]:
    """Raise `TimeoutError` after so much silence.

    A turn of the event loop counts a slice at most, however long it takes: what is busy for a second has not
    waited for one, and finds in its next turn what has arrived meanwhile.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        left = _SLICES
        handle = None

        def listened() -> None:
            nonlocal left, handle
            left -= 1
            if left:
                handle = loop.call_later(seconds / _SLICES, listened)
            else:
                limit.reschedule(loop.time())

        handle = loop.call_later(seconds / _SLICES, listened)
        try:
            yield
        finally:
            handle.cancel()
