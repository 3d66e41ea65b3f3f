"""Things of the host that an attack would like to have, and whether they are still as they were."""

import ctypes
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_IPC_PRIVATE, _IPC_RMID, _GETVAL, _SETVAL = 0, 0, 12, 16


@dataclass(frozen=True, slots=True)
class Bait:
    file: Path
    """Everybody may read and write it, as far as its mode goes."""
    port: int
    semaphore: int
    """The number of a System V semaphore that everybody may change."""

    def as_argument(self) -> dict[str, object]:
        place = {"file": str(self.file), "port": self.port, "semaphore": self.semaphore}
        return {**place, "pid": os.getpid(), "source": __file__}

    def state(self) -> tuple[object, ...]:
        """Content, mode, owner, times, names and attributes, and the semaphore."""
        seen = self.file.stat()
        times = (seen.st_mtime_ns, seen.st_ctime_ns, seen.st_nlink)
        names = sorted(path.name for path in self.file.parent.iterdir())
        value = _LIBC.semctl(self.semaphore, 0, _GETVAL)
        return self.file.read_text(), seen.st_mode, seen.st_uid, times, names, os.listxattr(self.file), value


@contextmanager
def laid_out() -> Iterator[Bait]:
    directory = tempfile.TemporaryDirectory(prefix="ctrl-bait-")
    with directory as name, socket.create_server(("127.0.0.1", 0)) as server:
        Path(name).chmod(0o755)
        file = Path(name, "bait")
        file.write_text("bait")
        file.chmod(0o666)
        with _semaphore() as semaphore:
            yield Bait(file, server.getsockname()[1], semaphore)


@contextmanager
def _semaphore() -> Iterator[int]:
    number = _LIBC.semget(_IPC_PRIVATE, 1, 0o666)
    if number == -1:
        raise OSError(ctypes.get_errno(), "no System V semaphore")
    try:
        _LIBC.semctl(number, 0, _SETVAL, 4)
        yield number
    finally:
        _LIBC.semctl(number, 0, _IPC_RMID)
