"""What the program does while the tests await it: what else they do goes on meanwhile."""

import sys
from collections.abc import Generator
from typing import Any

from sandbox_runner.jail.remote import pauses
from sandbox_runner.jail.remote.tests_side.link import Link


def until_done(link: Link, operation: str, *args: object) -> Generator[None, None, Any]:
    """Ask how far it is until it is done."""
    begun, was_cancelled = link.ask(operation, *args), False
    pause_s = pauses.growing()
    while type(begun) is int:
        cancels = False
        try:
            yield
        except BaseException as error:
            if not _is_cancelling(error):
                link.abandoned.append(begun)
                raise
            cancels = was_cancelled = True
        begun = link.ask(operation, begun=begun, pause_s=next(pause_s), cancel=cancels)
    if type(begun) is tuple and begun:
        return begun[0]
    link.was_cancelled |= not was_cancelled
    raise sys.modules["asyncio"].CancelledError


def _is_cancelling(error: BaseException) -> bool:
    asyncio: Any = sys.modules.get("asyncio")
    return asyncio is not None and isinstance(error, asyncio.CancelledError)


class Awaited:
    """The same as something to be awaited."""

    def __init__(self, link: Link, operation: str, *args: object) -> None:
        self._link, self._operation, self._args = link, operation, args

    def __await__(self) -> Generator[None, None, Any]:
        return until_done(self._link, self._operation, *self._args)
