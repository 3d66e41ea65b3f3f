"""A disk that is full, as far as this process's files go."""

import resource
from collections.abc import Generator
from contextlib import contextmanager

SAID = "File too large"
"""What the system says of it: as of a full disk, without the file's name."""


@contextmanager
def full_disk(room_bytes: int) -> Generator[None, None, None]:
    """Let no file grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
