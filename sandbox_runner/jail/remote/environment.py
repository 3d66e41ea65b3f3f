"""Variables of the environment and `sys.argv` as the tests set them: the program's are set too."""

import os
import sys
from collections.abc import Mapping
from typing import Any

_OF_PYTEST = "PYTEST_"
"""By these it tells programs the names of tests."""


class TestsEnvironment:
    """The tests' side."""

    __test__ = False  # not a test of ours

    def __init__(self) -> None:
        self._told = _variables()
        self._first = self._arguments = [*sys.argv]

    def changes(self) -> dict[str, object]:
        """What changed since this was last asked."""
        said: dict[str, object] = {}
        now, told = _variables(), self._told
        if now != told:
            self._told = now
            changed = {name for name in now.keys() | told.keys() if now.get(name) != told.get(name)}
            said["environment"] = {name: now.get(name) for name in changed}
        if sys.argv != self._arguments and set(map(type, sys.argv)) <= {str}:
            self._arguments = [*sys.argv]
            said["argv"] = None if self._arguments == self._first else self._arguments
        return said


class ProgramEnvironment:
    """The program's side."""

    def __init__(self) -> None:
        self._first = sys.argv

    def take_over(self, request: Mapping[str, Any]) -> None:
        for name, value in request.get("environment", {}).items():
            if value is None:
                os.environ.pop(name, None)  # noqa: TID251 - the program's own
            else:
                os.environ[name] = value  # noqa: TID251
        if "argv" in request:
            sys.argv = self._first if request["argv"] is None else request["argv"]


def _variables() -> dict[str, str]:
    given = os.environ.items()  # noqa: TID251 - the tests' own
    return {name: value for name, value in given if not name.startswith(_OF_PYTEST)}
