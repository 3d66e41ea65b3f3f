"""Warnings of the program. Tests that record theirs, as `pytest.warns` does, are given these too."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 100
"""Of one answer; each is told with its arguments."""
_shows: object = warnings._showwarnmsg_impl  # type: ignore[attr-defined]  # noqa: SLF001


def are_recorded() -> bool:
    return warnings._showwarnmsg_impl is not _shows  # type: ignore[attr-defined]  # noqa: SLF001


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
