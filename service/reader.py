"""The programs of a body are read in the readers' thread: it may hold seconds of work for Python's parser.

Requests take turns at it, a slice of theirs at a time, so a large batch does not keep a small one waiting.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from service.domain.reading import in_thread
from service.domain.ruling import Case

SLICE_CHARS = 8_192
"""Characters after which a request's turn ends."""

Unread = Sequence[Callable[[], Case]]
"""Cases still to be taken out of the texts they came in."""


async def read_cases(unread: Unread) -> list[Case]:
    """Take programs out of what they came in, in order, and find out what the parser says of them."""
    waiting, cases = iter(unread), list[Case]()
    while some := await in_thread(partial(_slice, waiting)):
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
