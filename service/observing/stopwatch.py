"""The gateway's own time: a request's, less the time in which it waited for others.

Calls that are out side by side count once. What the event loop does for other requests meanwhile is not seen.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from time import perf_counter


class Stopwatch:
    """Runs from its making, or from its last restart."""

    __slots__ = ("_out", "_since", "_started", "_waited", "calls")

    def __init__(self) -> None:
        self.calls = 0
        """Calls to models and to the sandbox that were begun."""
        self._out = 0
        self.restart()

    def restart(self) -> None:
        """Forget the time until now."""
        self._started = self._since = perf_counter()
        self._waited = 0.0

    def leave(self) -> None:
        """Begin to wait for somebody else."""
        if not self._out:
            self._since = perf_counter()
        self._out += 1

    def back(self) -> None:
        """End one such wait."""
        self._out -= 1
        if not self._out:
            self._waited += perf_counter() - self._since

    def elsewhere(self) -> "_Elsewhere":
        """Wait for somebody else inside."""
        return _Elsewhere(self)

    @property
    def own_s(self) -> float:
        """Time in which nobody else was waited for."""
        now = perf_counter()
        waiting = now - self._since if self._out else 0.0
        return max(0.0, now - self._started - self._waited - waiting)


class _Elsewhere:
    """A wait for somebody else. Six calls a refinement and more pass here: no generators."""

    __slots__ = ("_watch",)

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch

    def __enter__(self) -> None:
        self._watch.leave()

    def __exit__(self, *_: object) -> None:
        self._watch.back()


_NOBODY_WAITS = nullcontext()

_RUNNING: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Time what is done inside, in tasks begun there too."""
    watch = Stopwatch()
    token = _RUNNING.set(watch)
    try:
        yield watch
    finally:
        _RUNNING.reset(token)


def calling() -> AbstractContextManager[None]:
    """Call a model or the sandbox: the wait is theirs."""
    watch = _RUNNING.get()
    if watch is None:
        return _NOBODY_WAITS
    watch.calls += 1
    return watch.elsewhere()


@contextmanager
def answering() -> Iterator[None]:
    """Do work of our own in the middle of a call: pass a piece of its answer on."""
    watch = _RUNNING.get()
    if watch is None:
        yield
        return
    watch.back()
    try:
        yield
    finally:
        watch.leave()


def following() -> AbstractContextManager[None]:
    """Wait for work that is not this request's own, and may be another process's."""
    watch = _RUNNING.get()
    return _NOBODY_WAITS if watch is None else watch.elsewhere()
