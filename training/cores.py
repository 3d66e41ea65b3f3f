"""Sharing a machine's cores between a model in this process and what goes on beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def a_core_left() -> Iterator[None]:
    """Leave a core to the sandbox while a model writes.

    torch's threads wait for each other by spinning: where one of them has to share its core, all of them
    lose the time, and what shares it is slowed too.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads - 1))
    try:
        yield
    finally:
        torch.set_num_threads(threads)
