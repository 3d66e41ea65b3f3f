"""Work that takes long goes to a thread: meanwhile others are answered, and their clocks are read in time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Less is done before a thread has started. A report can be made to take half a second a megabyte.
_LONG_BYTES = 64 << 10


def is_long(size_bytes: int) -> bool:
    return size_bytes > _LONG_BYTES


async def aside(size_bytes: int, work: Callable[[], T]) -> T:
    """Do work on so many bytes, here if they are few."""
    return await asyncio.to_thread(work) if is_long(size_bytes) else work()
