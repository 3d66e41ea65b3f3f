"""Stop work that nobody waits for any more."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

T = TypeVar("T")


class ClientGoneError(Exception):
    """The client hung up; there is nobody to answer."""


async def unless_client_leaves(receive: Receive, work: Awaitable[T]) -> T:
    """Await `work`, but cancel it when the client disconnects. The body must have been read."""
    try:
        async with asyncio.TaskGroup() as group:
            # One task watches, and its failure cancels the work: cheaper than a task for each.
            watching = group.create_task(_fail_on_disconnect(receive))
            result = await work
            watching.cancel()
    except BaseExceptionGroup as failures:
        raise _first(failures) from None
    return result


def _first(error: BaseException) -> BaseException:
    """The work may have groups of its own."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _fail_on_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientGoneError
