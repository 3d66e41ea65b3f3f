"""Files in memory that carry one test's input in and its output out.

A test's standard streams are these files: nobody has to drain them, and the file size limit bounds them.
"""

import os
from dataclasses import dataclass
from typing import Self

from sandbox_runner.domain.verdict import Limits

# A report is decoded here, into objects that may take fifty times its size.
_REPORT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Output:
    """What a test wrote; `overflowed` means that a stream was filled to the brim."""

    stdout: bytes
    stderr: bytes
    report: bytes
    overflowed: bool


@dataclass(frozen=True, slots=True)
class MemoryFiles:
    given: int
    stdout: int
    stderr: int
    report: int

    @classmethod
    def make(cls, given: bytes) -> Self:
        opened: list[int] = []
        try:
            opened.extend(os.memfd_create(name) for name in ("given", "stdout", "stderr", "report"))
            _write(opened[0], given)
        except BaseException:
            for descriptor in opened:
                os.close(descriptor)
            raise
        return cls(*opened)

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)

    @property
    def descriptors(self) -> tuple[int, int, int, int]:
        return self.given, self.stdout, self.stderr, self.report

    def read_stdout(self) -> bytes:
        return os.pread(self.stdout, os.fstat(self.stdout).st_size, 0)

    def read(self, limits: Limits) -> Output:
        printed = max(os.fstat(self.stdout).st_size, os.fstat(self.stderr).st_size)
        reportable = min(limits.file_bytes, _REPORT_BYTES)
        return Output(
            os.pread(self.stdout, limits.output_bytes, 0),
            os.pread(self.stderr, limits.output_bytes, 0),
            os.pread(self.report, reportable, 0),
            overflowed=printed > limits.output_bytes or os.fstat(self.report).st_size > reportable,
        )


def sealable_file(content: bytes = b"") -> int:
    """A memory file that whoever fills it can close for good."""
    descriptor = os.memfd_create("code", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        _write(descriptor, content)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write(descriptor: int, content: bytes) -> None:
    """Write without moving the offset: the test reads from the start."""
    done = 0
    while done < len(content):
        done += os.pwrite(descriptor, content[done:], done)
