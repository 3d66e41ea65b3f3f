"""Variables, `sys.argv`, the working directory and files of the tests: the program is told what changed."""

import os
import sys
from collections.abc import Mapping
from os import getcwd  # tests may put another into `os`
from typing import Any

from sandbox_runner.jail.remote.tests_side.files import TestsFiles
from sandbox_runner.jail.remote.tests_side.imports import keep_out

_OF_PYTEST = "PYTEST_"
"""By these it tells programs the names of tests."""


class TestsEnvironment:
    """Tells what changed, and has the files that the program tells of."""

    __test__ = False  # not a test of ours

    def __init__(self, scratch: str | None) -> None:
        self._told = _variables()
        self._first = self._arguments = [*sys.argv]
        self._directory = _directory()
        self._scratch = scratch
        self._files = TestsFiles(scratch)
        self._has_theirs = False

    def changes(self) -> dict[str, object]:
        """What changed since this was last asked. Raises ValueError for more files than cross."""
        said = self._files.news()
        now, told = _variables(), self._told
        if now != told:
            self._told = now
            changed = {name for name in now.keys() | told.keys() if now.get(name) != told.get(name)}
            said["environment"] = {name: now.get(name) for name in changed}
        if sys.argv != self._arguments and set(map(type, sys.argv)) <= {str}:
            self._arguments = [*sys.argv]
            said["argv"] = None if self._arguments == self._first else self._arguments
        directory = _directory()
        if directory != self._directory:
            self._directory = said["directory"] = directory
        return said

    def hear(self, message: Mapping[str, Any]) -> None:
        """Have the files that the program has."""
        if "files" not in message:
            return
        if self._scratch is None:
            raise ValueError("files where there can be none")
        if not self._has_theirs:
            self._has_theirs = True
            keep_out(self._files, self._scratch)
        self._files.take(message)

    @property
    def is_altered(self) -> bool:
        """Whether the program changed what the tests wrote."""
        return bool(self._files.altered)


def _variables() -> dict[str, str]:
    given = os.environ.items()  # noqa: TID251 - the tests' own
    return {name: value for name, value in given if not name.startswith(_OF_PYTEST)}


def _directory() -> str | None:
    """None where it was removed."""
    try:
        return getcwd()
    except OSError:
        return None
