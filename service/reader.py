"""Programs are read in a thread of their own: a body may hold seconds of work for Python's parser.

There is one thread, and requests take turns at it, a slice of theirs at a time. So the event loop waits for
one parsing at most, and a large batch does not keep a small one waiting.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from service.domain.ruling import Case

SLICE_CHARS = 8_192
"""Characters after which a request's turn ends."""

Unread = Sequence[Callable[[], Case]]
"""Cases still to be taken out of the texts they came in."""


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")


@dataclass(frozen=True, slots=True)
class Reader:
    """Takes programs out of what they came in, and finds out what the parser says of them."""

    _thread: ThreadPoolExecutor = field(default_factory=_one_thread)

    async def read(self, unread: Unread) -> list[Case]:
        """Read the cases, in their order."""
        loop, waiting, cases = asyncio.get_running_loop(), iter(unread), list[Case]()
        while some := await loop.run_in_executor(self._thread, _slice, waiting):
            cases += some
        return cases


def _slice(waiting: Iterator[Callable[[], Case]]) -> list[Case]:
    cases: list[Case] = []
    chars = 0
    for read in waiting:
        case = read()
        cases.append(case)
        # Whoever asks for these later, on the event loop, finds them known.
        _ = case.candidate.is_program, case.task.key
        chars += len(case.candidate.completion)
        if chars >= SLICE_CHARS:
            break
    return cases
