"""Warnings of the program. Tests that record theirs, as `pytest.warns` does, are given these too."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 100
"""Of one answer; each is told with its arguments."""


def _shower() -> object:
    """What shows a warning; a recorder puts its own in this place."""
    return getattr(warnings, "_showwarnmsg_impl", None)


_ours = _shower()


def are_recorded() -> bool:
    return _shower() is not _ours


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
            given += [each.message for each in log[:MOST] if isinstance(each.message, Warning)]
