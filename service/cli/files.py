"""Files that a person has named: what goes wrong with one says which."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def named(path: Path | str) -> Generator[None, None, None]:
    """Put the file's name to an error of the system's that lacks it, as that of a full disk does."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
