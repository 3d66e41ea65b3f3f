"""Standard streams of the program, while it answers tests that put others in place of their own."""

import builtins
import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any


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
    """Has them as a question wants them, and tells what was printed and read."""

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
