"""Variables, `sys.argv`, the working directory and files as the tests have them: the program has them too."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from os import getcwd  # tests may put another into `os`
from typing import Any

from sandbox_runner.jail.remote.files import Files, TestsFiles
from sandbox_runner.jail.remote.imports import keep_out

_OF_PYTEST = "PYTEST_"
"""By these it tells programs the names of tests."""


class TestsEnvironment:
    """The tests' side."""

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


class ProgramEnvironment:
    """The program's side."""

    def __init__(self, scratch: str | None) -> None:
        self._first = sys.argv
        self._files = Files(scratch)

    def take_over(self, request: Mapping[str, Any]) -> None:
        self._files.take(request)
        for name, value in request.get("environment", {}).items():
            if value is None:
                os.environ.pop(name, None)  # noqa: TID251 - the program's own
            else:
                os.environ[name] = value  # noqa: TID251
        if "argv" in request:
            sys.argv = self._first if request["argv"] is None else request["argv"]
        if "directory" in request:
            with suppress(OSError):  # the tests' jail may have one that this has not
                os.chdir(request["directory"])

    def said(self) -> dict[str, object]:
        """What changed since this was last asked."""
        return self._files.news()


def _variables() -> dict[str, str]:
    given = os.environ.items()  # noqa: TID251 - the tests' own
    return {name: value for name, value in given if not name.startswith(_OF_PYTEST)}


def _directory() -> str | None:
    """None where it was removed."""
    try:
        return getcwd()
    except OSError:
        return None
