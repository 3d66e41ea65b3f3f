"""One error instead of many that say the same."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def first_error() -> Iterator[None]:
    """Of the errors that a task group ends with, raise the first alone: it is what a person can act on."""
    try:
        yield
    except* Exception as errors:  # noqa: BLE001 - raised again, less its siblings
        raise _first(errors) from None


def _first(errors: BaseExceptionGroup[Exception]) -> Exception:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
