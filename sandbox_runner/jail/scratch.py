"""The scratch directory of a box: filled, read and emptied by the box itself, which reaches no further than
the program did. The service never opens a path that a program could have made.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress

from sandbox_runner.jail.filesystem import SCRATCH

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# A bundle is bounded like every file that a box writes.
_ENTRY_BYTES, _ESCAPED_BYTES = 32, 6


def put(files: Mapping[str, bytes], directory: str) -> None:
    """Write files below a directory of the box, with the directories that their names need."""
    for name, content in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        with open(descriptor, "wb") as file:
            file.write(content)


def fetch(names: Sequence[str], most_bytes: int) -> dict[str, bytes]:
    """Read the regular files of these names, as many as fit with their names into `most_bytes`."""
    found: dict[str, bytes] = {}
    most_bytes -= sum(_ENTRY_BYTES + _ESCAPED_BYTES * len(name) for name in names)
    for name in names:
        path = os.path.join(SCRATCH, name)
        with suppress(OSError):
            # A directory that is a link could lead to `/proc/self`, which is this box and not the program.
            if os.path.realpath(path) != path:
                continue
            descriptor = os.open(path, _READ)
            with open(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if stat.S_ISREG(status.st_mode) and status.st_size <= most_bytes:
                    found[name] = file.read(most_bytes)
                    most_bytes -= len(found[name])
    return found


def empty() -> None:
    """Remove everything; raises OSError or RecursionError where a program made that hard."""
    for directory, directories, files in os.walk(SCRATCH, topdown=False, onerror=_raise):
        for name in files:
            os.unlink(os.path.join(directory, name))
        for name in directories:
            path = os.path.join(directory, name)
            if os.path.islink(path):
                os.unlink(path)
            else:
                os.rmdir(path)


def _raise(error: OSError) -> None:
    raise error
