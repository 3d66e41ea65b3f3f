"""Loops of the tests: while one runs, what the program has going on by itself has its turns."""

import sys
from collections.abc import Callable
from typing import Any

from sandbox_runner.jail.remote import pauses


def running_loop() -> Any:
    """That of `asyncio` in which the tests are, if they are in one."""
    events: Any = sys.modules.get("asyncio.events")
    return None if events is None else events._get_running_loop()  # noqa: SLF001


class Loops:
    """Has one turn at a time ahead, in the loop that runs."""

    def __init__(self, give_turn: Callable[[], object]) -> None:
        self._give_turn = give_turn
        self._ahead: Any = None
        """The loop in which a turn is to come."""

    def go_on(self, after_s: float = 0.0) -> None:
        """Come to it soon: the program has something to do."""
        loop = running_loop()
        if loop is not None and self._ahead is not loop:
            self._ahead = loop
            loop.call_later(after_s, self._take_turn)

    def _take_turn(self) -> None:
        due_s = self._give_turn()
        self._ahead = None
        if isinstance(due_s, float):
            self.go_on(min(max(0.0, due_s), pauses.LONGEST_S))
