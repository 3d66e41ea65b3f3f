"""Standard streams that the tests put in place of their own, as `redirect_stdout` and `capsys` do.

The program has streams of its own in its jail. So each question says what it may read, and each answer what
it printed, which is data like any other.
"""

import builtins
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

_PRINTING = ("stdout", "stderr")
CALLED = ("input", "print")
"""Functions of the language that tests replace by their own."""


class TestsStreams:
    """The tests' side."""

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


class _Tee(io.StringIO):
    """Keeps what is printed, and prints it all the same."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(text)
        return super().write(text)

    def fileno(self) -> int:
        number: int = self._stream.fileno()
        return number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def taken(self) -> str:
        """What was printed since this was last asked."""
        printed = self.getvalue()
        self.seek(0)
        self.truncate()
        return printed


class ProgramStreams:
    """The program's side."""

    def __init__(self) -> None:
        self._printing: dict[str, _Tee] = {}
        self._reading: io.StringIO | None = None
        self._told = 0

    @contextmanager
    def replaced(self, request: Mapping[str, Any], called: Mapping[str, Any]) -> Iterator[None]:
        """Streams as a question wants them, while it is answered.

        Within another question, which a function of the tests asked, they are so already.
        """
        with ExitStack() as stack:
            for name in request.get("prints", ()):
                stream = getattr(sys, name)
                if not isinstance(stream, _Tee):
                    self._printing[name] = _Tee(stream)
                    _replace(stack, sys, name, self._printing[name])
            for name, function in called.items():
                _replace(stack, builtins, name, function)
            if "stdin" in request and (self._reading is None or sys.stdin is not self._reading):
                self._reading, self._told = io.StringIO(request["stdin"]), 0
                _replace(stack, sys, "stdin", self._reading)
            yield

    def said(self) -> dict[str, object]:
        """What was printed and read since this was last asked."""
        printed = {name: text for name, tee in self._printing.items() if (text := tee.taken())}
        said: dict[str, object] = {"printed": printed} if printed else {}
        if self._reading is not None and self._reading.tell() > self._told:
            said["read"] = self._reading.tell() - self._told
            self._told = self._reading.tell()
        return said


def _replace(stack: ExitStack, owner: object, name: str, stream: object) -> None:
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, stream)
