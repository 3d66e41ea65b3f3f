"""Queues, locks and events of the tests, which a program may use as in one process.

Nothing waits here, where that would keep all others from having a turn.
"""

import queue
import threading
from typing import Any

_SEMAPHORES = (threading.Semaphore, threading.BoundedSemaphore)
_KINDS: dict[type, str] = {
    **dict.fromkeys((queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue), "queue"),
    **dict.fromkeys((type(threading.Lock()), *_SEMAPHORES), "lock"),
    threading.Event: "event",
}
_ASKED = {
    "queue": (
        "empty",
        "full",
        "qsize",
        "get_nowait",
        "put_nowait",
        "task_done",
        "unfinished_tasks",
        "maxsize",
    ),
    "lock": ("acquire", "release", "locked"),
    "event": ("is_set", "set", "clear"),
}


def kind_of(value: object) -> str | None:
    return _KINDS.get(type(value))


def answer(value: Any, name: str, *args: object, **kwargs: object) -> object:
    """What the program asked of it."""
    if name not in _ASKED[_KINDS[type(value)]]:
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r} here")
    if name == "full" and not hasattr(value, name):  # which a simple queue never is
        return False
    if name == "acquire":
        return value.acquire(blocking=False)
    found = getattr(value, name)
    return found(*args, **kwargs) if callable(found) else found
