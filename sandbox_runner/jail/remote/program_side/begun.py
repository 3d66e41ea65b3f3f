"""What the tests await of the program, and tasks of its own: each goes on a little whenever they ask.

All share one loop, so one may wait for another, as for a lock. Not covered: what is left when a loop of the
tests ends is not cancelled with it.
"""

import contextvars
import itertools
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox_runner.jail.remote import pauses
from sandbox_runner.jail.remote.loops import no_other

_loops: list[Any] = []
"""More than one where the tests await something while the program asks them."""
_tasks: dict[int, Any] = {}
_numbers = itertools.count()
_context = contextvars.copy_context()


def going_on(make: Callable[..., Awaitable[object]]) -> Callable[..., object]:
    """The operation that begins with what `make` makes, or goes on with what has `begun` under a number.

    It gives the number while it is not done, and then what came of it in a tuple, which is empty if it was
    cancelled. Raises what that raised.
    """

    def operate(
        *args: object, begun: int | None = None, pause_s: float = 0.0, cancel: bool = False
    ) -> int | tuple[object, ...]:
        with no_other():
            if begun is None:
                begun = _begin(make(*args))
            else:
                _go_on(_tasks[begun], pause_s, cancel=cancel)
        if not _tasks[begun].done():
            return begun
        task = _tasks.pop(begun)
        return () if task.cancelled() else (task.result(),)

    return operate


@contextmanager
def loop_of_tests(is_running: bool) -> Iterator[None]:
    """Let the program find a running loop where the tests have one, as it may make tasks by it."""
    if not is_running:
        yield
        return
    from asyncio import events  # noqa: PLC0415 - large, and few programs need it

    running = events._get_running_loop()  # noqa: SLF001
    events._set_running_loop(running or _free_loop())  # noqa: SLF001
    try:
        yield
    finally:
        events._set_running_loop(running)  # noqa: SLF001


def has_work() -> bool:
    """Whether something goes on that nobody of the tests awaits: who awaits has all go on."""
    return not _tasks and any(loop._ready or loop._scheduled for loop in _idle())  # noqa: SLF001


def turn() -> float | None:
    """Do what can be done now. Tells in how many seconds there may be more, if there will be."""
    dues = []
    for loop in _idle():
        with no_other():
            _run_once(loop)
        dues += [0.0] if loop._ready else [each.when() - loop.time() for each in loop._scheduled[:1]]  # noqa: SLF001
    return max(0.0, min(dues)) if dues else None


def abandon(numbers: Iterable[int]) -> None:
    """Take note that nobody awaits these any more."""
    for number in numbers:
        _tasks.pop(number, None)


def _idle() -> list[Any]:
    return [loop for loop in _loops if not loop.is_running()]


def _begin(awaitable: Awaitable[object]) -> int:
    """Take it to where it first waits, as `await` does, while nothing else goes on."""

    async def wait() -> object:
        return await awaitable

    loop = _free_loop()
    number = next(_numbers)
    others, loop._ready = loop._ready, deque()  # noqa: SLF001
    try:
        # One after another they see what the last one set, as in one task; side by side they do not.
        task = _tasks[number] = loop.create_task(wait(), context=_context.copy() if _tasks else _context)
        task.add_done_callback(lambda _: loop.stop())
        _run_once(loop)
    finally:
        others.extend(loop._ready)  # noqa: SLF001
        loop._ready = others  # noqa: SLF001
    return number


def _go_on(task: Any, pause_s: float, *, cancel: bool) -> None:
    """Do what can be done, or wait as long, but share that time with all that is waited for."""
    if cancel:
        task.cancel()
    loop = task.get_loop()
    if loop.is_running():  # the tests ask this while the program asks them
        return
    if loop._ready and pause_s < pauses.LONGEST_S:  # noqa: SLF001
        _run_once(loop)
        return
    over = loop.call_later(pause_s / len(_tasks), loop.stop)
    try:
        loop.run_forever()
    finally:
        over.cancel()


def _run_once(loop: Any) -> None:
    loop.call_soon(loop.stop)
    loop.run_forever()


def _free_loop() -> Any:
    import asyncio  # noqa: PLC0415 - large, and few programs need it

    free = _idle()
    if not free:
        free = [asyncio.new_event_loop()]
        _loops.extend(free)
    return free[0]
