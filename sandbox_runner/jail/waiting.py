"""The clock of a program that tests ask: it runs only while they wait for an answer.

The tests' jail writes it to a memory file that the program's box reads. The program has no descriptor of it,
and is not charged for what the tests do meanwhile. What it does unasked is bounded by the end of its tests.
Test code has that descriptor and may write anything: nothing it writes may hold up who reads it, or be told.
"""

import os
import struct
from time import monotonic

# By names of their own: tests may replace those of the modules.
_read, _write = os.pread, os.pwrite
_CLOCK = struct.Struct("<dd")
"""Seconds waited so far, and since when it is waited again, or 0."""
_MOST_LOOKS = 10


class WaitingClock:
    """The tests' side."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waited_s = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = monotonic()
        _write(self._descriptor, _CLOCK.pack(self._waited_s, self._since), 0)

    def __exit__(self, *_: object) -> None:
        self._waited_s += monotonic() - self._since
        _write(self._descriptor, _CLOCK.pack(self._waited_s, 0.0), 0)


def wall_s(since: float, clock: int | None) -> float:
    """Seconds that count: those that have passed since then, or those of them on a program's clock."""
    passed_s = monotonic() - since
    return passed_s if clock is None else min(passed_s, max(0.0, waited_s(clock)))  # 0 is more than NaN


def waited_s(descriptor: int) -> float:
    """How long the tests have waited for the program, as its box reads it."""
    told = _read(descriptor, _CLOCK.size, 0)
    for _ in range(_MOST_LOOKS):
        if told == (again := _read(descriptor, _CLOCK.size, 0)):  # it may be read half written
            break
        told = again
    if len(told) < _CLOCK.size:  # nothing was asked yet
        return 0.0
    waited: float
    since: float
    waited, since = _CLOCK.unpack(told)
    return waited + (monotonic() - since if since else 0.0)
