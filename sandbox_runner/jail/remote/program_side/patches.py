"""What tests replaced of the standard library, while the program runs."""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import active_count
from typing import Any

from sandbox_runner.jail.remote.standing import Standing


class ProgramPatches(Standing):
    """What stands while the program's code runs."""

    def aside(self) -> AbstractContextManager[None]:
        """Lifted, but not while other threads run: they would meet the library itself meanwhile."""
        return self.lifted() if active_count() == 1 else nullcontext()

    def take_over(self, changes: list[Any], read: Callable[[object], object]) -> None:
        with self.lifted() if self._stands else nullcontext():
            for module, kind, name, *replaced in changes:
                place = (module, kind, name)
                if replaced:
                    importlib.import_module(module)
                    self.now[place] = read(replaced[0])
                else:
                    self.now.pop(place, None)
                    self.first.pop(place, None)
