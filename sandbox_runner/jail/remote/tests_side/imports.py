"""What the program wrote is no module of the tests: as one it would judge itself.

Not covered: tests that run it by `exec`, `runpy` or the like.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from os.path import realpath
from types import ModuleType
from typing import Any

from sandbox_runner.jail.remote.tests_side.files import TestsFiles

_LOADER: Any = importlib.machinery.SourceFileLoader.__mro__[1]
"""By which all modules are read that are files."""
_BYTECODE = tuple(importlib.machinery.BYTECODE_SUFFIXES)


def keep_out(files: TestsFiles, root: str) -> None:
    """Import nothing that came from the program, wherever tests look below `root`."""
    sys.meta_path.insert(0, _Elsewhere(files, root))
    get_data = _LOADER.get_data

    def get_own_data(self: Any, path: str) -> bytes:
        real = realpath(path)
        if not files.are_theirs(real):
            data: bytes = get_data(self, path)
            return data
        # Bytecode is made anew then. What the tests wrote first must not be their fault.
        if path.endswith(_BYTECODE) or files.were_ours(real):
            raise OSError(f"the program changed {path}")
        raise ImportError(f"the program wrote {path}: as a module of the tests it would judge itself")

    _LOADER.get_data = get_own_data


class _Elsewhere(importlib.abc.MetaPathFinder):
    """Finds the module that a file of the program has the name of."""

    def __init__(self, files: TestsFiles, root: str) -> None:
        self._files = files
        self._root = root

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        found = importlib.machinery.PathFinder.find_spec(name, path, target)
        place = realpath(found.origin or "") if found is not None else ""
        if not self._files.are_theirs(place) or self._files.were_ours(place):
            return None
        places = sys.path if path is None else path
        elsewhere = [place for place in places if not f"{realpath(place)}/".startswith(f"{self._root}/")]
        found = importlib.machinery.PathFinder.find_spec(name, elsewhere, target)
        if found is None and self._files.have_ours_called(f"{name.rpartition('.')[2]}.py"):
            raise OSError(f"the program hides the tests' module {name}")
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found
