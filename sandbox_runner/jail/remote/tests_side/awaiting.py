"""Coroutines of the tests that the program awaits: each goes on a little whenever it asks.

They have a loop of their own, as that of the tests, if there is any, waits for the program.
"""

from typing import Any

from sandbox_runner.jail.remote.loops import no_other


class Awaited:
    """What the program awaits, at any time side by side."""

    def __init__(self) -> None:
        self._loops: list[Any] = []
        """More than one where the coroutine of one asks the program, which awaits another."""
        self._tasks: dict[int, Any] = {}

    def answer(self, coroutine: Any, operation: str) -> tuple[object] | None:
        """What it returned, or None while it is not done. Raises what that raised."""
        with no_other():
            task = self._tasks.get(id(coroutine))
            if task is None:
                task = self._tasks[id(coroutine)] = self._free_loop().create_task(coroutine)
            if operation == "cancel":
                task.cancel()
            self._go_on(task.get_loop())
        return (task.result(),) if task.done() and not task.cancelled() else None

    def close(self) -> None:
        """What is half done stays so."""
        for loop in self._loops:
            loop.close()

    def _go_on(self, loop: Any) -> None:
        if not loop.is_running():
            loop.call_soon(loop.stop)
            loop.run_forever()

    def _free_loop(self) -> Any:
        import asyncio  # noqa: PLC0415 - large, and few tests need it

        free = [loop for loop in self._loops if not loop.is_running()]
        if not free:
            free = [asyncio.new_event_loop()]
            self._loops += free
        return free[0]
