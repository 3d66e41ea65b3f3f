"""Variables, `sys.argv`, the working directory and files as the tests have them: the program has them too."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sandbox_runner.jail.remote.files import Files


class ProgramEnvironment:
    """Takes over what changed, and tells of the program's files."""

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
