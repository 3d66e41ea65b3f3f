"""One command at a time in a run's folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training.errors import StageError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep others out of a folder, which is made; raises `StageError` where somebody is at work there.

    Who is killed lets go of it. A file system without locks keeps nobody out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageError(f"another ctrl-train is at work in {folder}: wait for it, or end it") from None
        except OSError:
            pass
        yield
