"""Queues, locks and events of the tests: who waits for one asks again and again, and others have a turn."""

from collections.abc import Callable
from functools import partial
from time import monotonic, sleep  # tests may put others into `time`
from typing import Any

from sandbox_runner.jail.remote import pauses


class Waited:
    """Has the methods that its kind has there; none of them waits there."""

    methods: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def __init__(self, call_back: Callable[..., Any], number: int) -> None:
        self._call_back = call_back
        self.number = number

    def __getattr__(self, name: str) -> Any:
        if name in self.numbers:
            return self._asked(name)
        if name not in self.methods:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r} here")
        return partial(self._asked, name)

    def _asked(self, name: str, /, *args: object, **kwargs: object) -> Any:
        return self._call_back(self.number, (name, *args), kwargs, attribute=True)

    def _until(self, attempt: Callable[[], bool], timeout: float | None) -> bool:
        """Whether it succeeded in time."""
        ends, pause_s = None if timeout is None else monotonic() + timeout, pauses.growing()
        while not attempt():
            if ends is not None and monotonic() >= ends:
                return False
            sleep(next(pause_s))
        return True


class WaitedQueue(Waited):
    methods = ("empty", "full", "qsize", "get_nowait", "put_nowait", "task_done")
    numbers = ("maxsize", "unfinished_tasks")

    def get(self, block: bool = True, timeout: float | None = None) -> object:
        self._until(lambda: not self._asked("empty"), timeout if block else 0)
        return self._asked("get_nowait")

    def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
        self._until(lambda: not self._asked("full"), timeout if block else 0)
        self._asked("put_nowait", item)

    def join(self) -> None:
        self._until(lambda: not self._asked("unfinished_tasks"), None)


class WaitedLock(Waited):
    methods = ("release", "locked")

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        within = None if timeout is None or timeout < 0 else timeout
        return self._until(lambda: self._asked("acquire", False), within if blocking else 0)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self._asked("release")


class WaitedEvent(Waited):
    methods = ("is_set", "set", "clear")

    def wait(self, timeout: float | None = None) -> bool:
        return self._until(lambda: self._asked("is_set"), timeout)


_KINDS: dict[str, type[Waited]] = {"queue": WaitedQueue, "lock": WaitedLock, "event": WaitedEvent}


def waited_for(call_back: Callable[..., Any], number: int, kind: str, name: str) -> Waited:
    """Of a class that is called as theirs."""
    made: type[Waited] = type(name, (_KINDS[kind],), {})
    return made(call_back, number)
