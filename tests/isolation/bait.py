"""Things of the host that an attack would like to have, and whether they are still as they were."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bait:
    file: Path
    """Everybody may read and write it, as far as its mode goes."""
    port: int

    def as_argument(self) -> dict[str, object]:
        return {"file": str(self.file), "port": self.port, "pid": os.getpid(), "source": __file__}

    def state(self) -> tuple[object, ...]:
        """Content, mode, owner, times, names and attributes."""
        seen = self.file.stat()
        times = (seen.st_mtime_ns, seen.st_ctime_ns, seen.st_nlink)
        names = sorted(path.name for path in self.file.parent.iterdir())
        return self.file.read_text(), seen.st_mode, seen.st_uid, times, names, os.listxattr(self.file)


@contextmanager
def laid_out() -> Iterator[Bait]:
    directory = tempfile.TemporaryDirectory(prefix="ctrl-bait-")
    with directory as name, socket.create_server(("127.0.0.1", 0)) as server:
        Path(name).chmod(0o755)
        file = Path(name, "bait")
        file.write_text("bait")
        file.chmod(0o666)
        yield Bait(file, server.getsockname()[1])
