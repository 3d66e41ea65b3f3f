"""Standard streams that the tests put in place of their own, as `redirect_stdout` and `capsys` do.

The program has streams of its own in its jail. So each question says what it may read, and each answer what
it printed, which is data like any other.
"""

import builtins
import io
import sys
from collections.abc import Callable, Mapping
from typing import Any

from sandbox_runner.jail.remote.surroundings import CALLED

_PRINTING = ("stdout", "stderr")


class TestsStreams:
    """Tells which ones are replaced, and carries out what the program did with them."""

    __test__ = False  # not a test of ours

    def __init__(self) -> None:
        self._ours = {name: getattr(sys, name) for name in (*_PRINTING, "stdin")}
        self._called = {name: getattr(builtins, name) for name in CALLED}

    def told(self, write: Callable[[object], object]) -> dict[str, object]:
        """What a question says of them; nothing where all are as they were."""
        said: dict[str, object] = {}
        replaced = [name for name in _PRINTING if getattr(sys, name) is not self._ours[name]]
        if replaced:
            said["prints"] = replaced
        for name, ours in self._called.items():
            if getattr(builtins, name) is not ours:
                said[name] = write(getattr(builtins, name))
        if sys.stdin is not self._ours["stdin"] and isinstance(sys.stdin, io.StringIO):
            at = sys.stdin.tell()
            said["stdin"] = sys.stdin.read()
            sys.stdin.seek(at)
        return said

    def hear(self, answer: Mapping[str, Any]) -> None:
        """Carry out what the program did with them. Raises TypeError or ValueError for what none can do."""
        for name, text in answer.get("printed", {}).items():
            is_asked = name in _PRINTING and getattr(sys, name) is not self._ours[name]
            if not is_asked or not isinstance(text, str):
                raise TypeError("printed where nobody asked")
            getattr(sys, name).write(text)
        if "read" in answer and isinstance(sys.stdin, io.StringIO):
            sys.stdin.read(int(answer["read"]))
