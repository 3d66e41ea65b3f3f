"""The program that a box was given, compiled once, by the first test that runs.

Compiling happens in a test's process, where a source bomb is harmless. The code reaches the box through a
memory file that is sealed before a line of the program runs, so its bytes are the compiler's.
"""

import fcntl
import marshal
import os
import struct
import time
from types import CodeType

from sandbox_runner.jail import alarm, report

CODE_FD = 4
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_CPU_S = struct.Struct("<d")


class Solution:
    __slots__ = ("code", "first_foreign_fd", "source")
    begin = staticmethod(alarm.let_go)
    """To be called in a test's process, when all is ready."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.code: CodeType | None = None
        self.first_foreign_fd = CODE_FD + 1

    def compile(self) -> CodeType:
        """Compile here, in a test's process, and leave the code for the tests that follow."""
        code = compile(self.source, report.FILE_NAME, "exec", dont_inherit=True)
        if not _is_sealed():  # else the box had no memory for what an earlier test left
            content = marshal.dumps(code)
            report.write_all(CODE_FD, _CPU_S.pack(time.process_time()) + content)
            fcntl.fcntl(CODE_FD, fcntl.F_ADD_SEALS, _SEALS)
        os.close(CODE_FD)
        return code

    def compiling_cpu_s(self) -> float:
        """CPU seconds of the running test that went into compiling; 0 while they are not over."""
        if self.code is not None or not _is_sealed():
            return 0.0
        (seconds,) = _CPU_S.unpack(os.pread(CODE_FD, _CPU_S.size, 0))
        return float(seconds)

    def is_compiled(self) -> bool:
        return self.code is not None or _is_sealed()

    def load(self) -> None:
        """Take the code that the first test left, if there is any and another test needs it."""
        if self.code is None and _is_sealed():
            try:
                content = os.pread(CODE_FD, os.fstat(CODE_FD).st_size, 0)
                self.code = marshal.loads(content[_CPU_S.size :])  # noqa: S302
            except MemoryError:
                return
            os.close(CODE_FD)
            self.first_foreign_fd = CODE_FD


class OnlySolution(Solution):
    """One that no test follows: its code is left to nobody, and whoever watches is told of it."""

    __slots__ = ()
    begin = staticmethod(alarm.tell_begun)

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.first_foreign_fd = CODE_FD

    def compile(self) -> CodeType:
        code = compile(self.source, report.FILE_NAME, "exec", dont_inherit=True)
        alarm.tell_compiled()
        return code

    def load(self) -> None:
        """Take nothing: there is none before it."""


def _is_sealed() -> bool:
    return fcntl.fcntl(CODE_FD, fcntl.F_GET_SEALS) == _SEALS
