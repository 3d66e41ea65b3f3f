"""The tests' copy of the files, and which of them the program wrote or changed."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from sandbox_runner.jail.remote.files import MOST_BYTES, MOST_ENTRIES, Entry, Files


class TooMuchError(ValueError):
    """One side wrote more than crosses."""


class TestsFiles(Files):
    """Takes the program for hostile."""

    __test__ = False  # not a test of ours

    def __init__(self, root: str | None) -> None:
        super().__init__(root)
        self.altered: set[str] = set()
        """Of what the tests wrote, which may be what they expect, what the program changed or removed."""

    def take(self, message: Mapping[str, Any]) -> None:
        self.altered |= self._altered_by(message)
        super().take(message)
        theirs = [entry for entry in self._known.values() if entry.is_theirs]
        if len(theirs) > MOST_ENTRIES or sum(len(entry.content or b"") for entry in theirs) > MOST_BYTES:
            raise TooMuchError("more files than an honest program tells")

    def are_theirs(self, path: str) -> bool:
        """Whether the file of this path, or an archive that it is in, came from the program."""
        return any(
            (entry := self._known.get(part)) is not None and entry.is_theirs and entry.content is not None
            for part in self._parts_of(path)
        )

    def were_ours(self, path: str) -> bool:
        """Whether the tests wrote it first."""
        return not self.altered.isdisjoint(self._parts_of(path))

    def have_ours_called(self, name: str) -> bool:
        """Whether the tests wrote a file of this name anywhere."""
        own = (path for path, entry in self._known.items() if not entry.is_theirs)
        return any(path.rpartition("/")[2] == name for path in own)

    def _parts_of(self, path: str) -> list[str]:
        """The path below the root, and those of its directories."""
        if self._root is None or not path.startswith(f"{self._root}/"):
            return []
        return list(accumulate(path.removeprefix(f"{self._root}/").split("/"), "{}/{}".format))

    def _altered_by(self, message: Mapping[str, Any]) -> set[str]:
        """To fill a file that the tests made empty changes nothing of theirs."""
        changed = {path for path, _ in message.get("files", ())}
        ours = {path for path, entry in self._known.items() if not entry.is_theirs}
        full = {path for path in ours & changed if self._known[path].content != b""}
        return full | ours.intersection(message.get("gone", ()))

    def _without(self) -> Entry | None:
        raise TooMuchError(f"the tests wrote more than {MOST_BYTES} bytes, or {MOST_ENTRIES} files")
