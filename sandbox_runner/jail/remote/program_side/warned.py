"""Warnings of the program, for tests that record theirs."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox_runner.jail.remote.surroundings import MOST_WARNED


@contextmanager
def recorded(wanted: bool, given: list[Warning]) -> Iterator[None]:
    """Collect what is warned of meanwhile, if the tests want it: their filters decide what counts."""
    if not wanted:
        yield
        return
    with warnings.catch_warnings(record=True) as log:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            given += [each.message for each in log[:MOST_WARNED] if isinstance(each.message, Warning)]
