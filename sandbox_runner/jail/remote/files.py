"""Files below the scratch directory: each jail has a copy, and messages tell what changed since the last one.

The program's file system is never the tests': what arrives is data, which the side that got it writes anew.
So nothing changes under the tests but where they wait for an answer. Not covered: links, pipes, modes, times.
"""

import binascii
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from errno import ENOTEMPTY

# By their names here: tests and programs put others into `os` and the builtins.
from os import (
    O_CLOEXEC,
    O_CREAT,
    O_NOFOLLOW,
    O_NONBLOCK,
    O_RDONLY,
    O_TRUNC,
    O_WRONLY,
    close,
    listdir,
    lstat,
    mkdir,
    read,
    rmdir,
    scandir,
    stat_result,
    unlink,
    write,
)
from os import open as open_descriptor
from time import time_ns
from typing import Any

# What each side may have written; a scratch directory holds twice as much.
MOST_BYTES, MOST_ENTRIES = 8 << 20, 512
_READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
_WRITING = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
# Two changes within a tick of the kernel's clock have one time; a tick takes up to 10 ms.
_TICKS_NS = 50_000_000

_Stamp = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    content: bytes | None
    """None for a directory."""
    stamp: _Stamp | None
    """What its status says for as long as it does not change; None where that is not sure."""
    is_theirs: bool
    """The other side wrote it, and this one has not changed it since."""


class Files:
    """The copy of one side, such as the program's."""

    def __init__(self, root: str | None) -> None:
        """`root` is None where there is no scratch directory; what is there already never crosses."""
        self._root = root
        self._first = _state_of(root)
        # Mostly nothing is there, and a walk costs every submission.
        self._given = frozenset(path for path, _ in _walk(root)) if root and listdir(root) else frozenset()
        self._known: dict[str, Entry] = {}
        """What both sides have, by paths below the root; a directory stands before what is in it."""

    def news(self) -> dict[str, object]:
        """What changed here since this was last asked."""
        if self._root is None or not (self._known or _state_of(self._root) != self._first):
            return {}
        known, found = self._known, self._found(self._root)
        gone = {path for path in known if not _is_same_kind(found.get(path), known[path])}
        changed = [
            [path, _packed(entry.content)]
            for path, entry in found.items()
            if path in gone or path not in known or known[path].content != entry.content
        ]
        self._known = found
        if not (changed or gone):
            return {}
        return {"files": changed, "gone": [path for path in reversed(known) if path in gone]}

    def take(self, message: Mapping[str, Any]) -> None:
        """Write here what changed there. Raises OSError, or what no honest side makes happen."""
        for path in message.get("gone", ()):
            self._remove(path)
        for path, packed in message.get("files", ()):
            self._put(path, packed)

    def _found(self, root: str) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        own_bytes = own_entries = 0
        for path, status in _walk(root):
            parent = path.rpartition("/")[0]
            if path in self._given or (parent and parent not in found):
                continue
            room = MOST_BYTES + 1 - own_bytes if own_entries < MOST_ENTRIES else 0
            entry = self._entry(path, status, room)
            if entry is None:
                continue
            found[path] = entry
            if not entry.is_theirs:
                own_bytes, own_entries = own_bytes + len(entry.content or b""), own_entries + 1
        return found

    def _entry(self, path: str, status: stat_result, room: int) -> Entry | None:
        """What stands there; None for what does not cross."""
        known = self._known.get(path)
        if stat.S_ISREG(status.st_mode):
            return (
                known
                if known is not None and known.stamp == _stamp_of(status)
                else self._read(path, status, room)
            )
        if not stat.S_ISDIR(status.st_mode):
            return None
        if known is not None and known.content is None:
            return known
        return Entry(None, None, is_theirs=False) if room else self._without()

    def _read(self, path: str, status: stat_result, room: int) -> Entry | None:
        known = self._known.get(path)
        if known is not None and known.is_theirs:
            room = MOST_BYTES + 1
        if status.st_size >= room:
            return self._without()
        stamp, content = _settled_stamp_of(status), _content_of(f"{self._root}/{path}", room)
        if content is None:
            return None
        is_theirs = known is not None and known.is_theirs and known.content == content
        return Entry(content, stamp, is_theirs=is_theirs)

    def _without(self) -> Entry | None:
        """Leave out what there is no room for."""
        return None

    def _remove(self, path: str) -> None:
        if self._known.pop(path).content is None:
            _remove_directory(f"{self._root}/{path}")
        else:
            unlink(f"{self._root}/{path}")

    def _put(self, path: str, packed: str | None) -> None:
        parent, slash, name = path.rpartition("/")
        if name in {"", ".", ".."} or (slash and self._known[parent].content is not None):
            raise ValueError("no path below the root")
        full, content = f"{self._root}/{path}", None
        if packed is None:
            _make_directory(full)
        else:
            content = binascii.a2b_base64(packed)
            _write(full, content)
        self._known[path] = Entry(content, None, is_theirs=True)


def _state_of(root: str | None) -> _Stamp:
    """The size too: that of a scratch directory tells how many entries it has."""
    if root is None:
        return ()
    status = lstat(root)
    return status.st_mtime_ns, status.st_size


def _walk(root: str) -> Iterator[tuple[str, stat_result]]:
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        for name, status in _listed(f"{root}/{prefix}"):
            if stat.S_ISDIR(status.st_mode):
                waiting.append(f"{prefix}{name}/")
            yield f"{prefix}{name}", status


def _listed(directory: str) -> list[tuple[str, stat_result]]:
    """What a program made unreadable, or removes meanwhile, is not there."""
    try:
        with scandir(directory) as listed:
            return [(entry.name, entry.stat(follow_symlinks=False)) for entry in listed]
    except OSError:
        return []


def _content_of(path: str, room: int) -> bytes | None:
    """None where it cannot be read, or grew meanwhile."""
    try:
        descriptor = open_descriptor(path, _READING)
    except OSError:
        return None
    content = bytearray()
    try:
        while len(content) < room and (part := read(descriptor, 1 << 20)):
            content += part
    finally:
        close(descriptor)
    return bytes(content) if len(content) < room else None


def _write(path: str, content: bytes) -> None:
    """In place, as whoever has the file open sees it."""
    descriptor = open_descriptor(path, _WRITING, 0o644)
    try:
        left = memoryview(content)
        while left:
            left = left[write(descriptor, left) :]
    finally:
        close(descriptor)


def _make_directory(path: str) -> None:
    try:
        mkdir(path, 0o755)
    except FileExistsError:
        if not stat.S_ISDIR(lstat(path).st_mode):
            raise


def _remove_directory(path: str) -> None:
    """It stays where it holds what does not cross."""
    try:
        rmdir(path)
    except OSError as error:
        if error.errno != ENOTEMPTY:
            raise


def _is_same_kind(found: Entry | None, known: Entry) -> bool:
    return found is not None and (found.content is None) == (known.content is None)


def _packed(content: bytes | None) -> str | None:
    return None if content is None else binascii.b2a_base64(content, newline=False).decode()


def _stamp_of(status: stat_result) -> _Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _settled_stamp_of(status: stat_result) -> _Stamp | None:
    """None for what changed just now: it could change once more and say the same."""
    return _stamp_of(status) if time_ns() - status.st_ctime_ns > _TICKS_NS else None
