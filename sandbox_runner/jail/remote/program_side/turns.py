"""Whose turn it is to speak, of a program's threads."""

from collections import deque
from threading import Lock, get_ident
from typing import Self


class Turns:
    """A lock that one thread may take several times, and that goes to who has waited longest.

    Else a thread that asks the tests again and again would let nobody answer them, and one that asks while
    the program answers in no time would never ask.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[tuple[int, Lock]] = deque()
        self._owner: int | None = None
        self._times = 0

    def __enter__(self) -> Self:
        me = get_ident()
        with self._guard:
            gate = None
            if self._owner is None:
                self._owner = me
            elif self._owner != me:
                gate = Lock()
                gate.acquire()
                self._waiting.append((me, gate))
        if gate is not None:
            gate.acquire()  # until it is handed over
        self._times += 1
        return self

    def __exit__(self, *error: object) -> None:
        self._times -= 1
        if self._times:
            return
        with self._guard:
            self._owner = None
            if self._waiting:
                self._owner, gate = self._waiting.popleft()
                gate.release()


class Given:
    """The turn given away for a while by who has it once."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def __enter__(self) -> None:
        self._turns.__exit__()

    def __exit__(self, *error: object) -> None:
        self._turns.__enter__()
