"""Loops of `asyncio` within one that is running, as where one side awaits what the other does meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_other() -> Iterator[None]:
    """As if none were running."""
    from asyncio import current_task, events, tasks  # noqa: PLC0415 - large, and few tests need it

    running = events._get_running_loop()  # noqa: SLF001
    task: Any = current_task(running) if running is not None else None
    if task is not None:
        tasks._leave_task(running, task)  # type: ignore[arg-type]  # noqa: SLF001
    events._set_running_loop(None)  # noqa: SLF001
    try:
        yield
    finally:
        events._set_running_loop(running)  # noqa: SLF001
        if task is not None:
            tasks._enter_task(running, task)  # type: ignore[arg-type]  # noqa: SLF001
