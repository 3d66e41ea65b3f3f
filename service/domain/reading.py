"""Long texts are read in a thread, beside the event loop, which is everybody's.

There is one thread, because parsing holds Python's lock: the loop waits for one parsing at most, not for
several. A short text is read where it is: a turn of the thread takes longer.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.domain.extraction import extract_code
from service.domain.task import Candidate

SHORT_CHARS = 4_096
"""Longest text that is read on the event loop."""

T = TypeVar("T")

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")


async def in_thread(work: Callable[[], T]) -> T:
    """Do the work when its turn has come."""
    return await asyncio.get_running_loop().run_in_executor(_thread, work)


async def read(chars: int, work: Callable[[], T]) -> T:
    """Do work on so many characters: at once, or in the thread where they are many."""
    return work() if chars <= SHORT_CHARS else await in_thread(work)


async def candidate_in(text: str) -> Candidate:
    """Take the program out of a text, such as a completion."""
    return Candidate(await read(len(text), lambda: extract_code(text)), text)
