"""Stop work that nobody waits for any more."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

T = TypeVar("T")


class ClientGoneError(Exception):
    """The client hung up; there is nobody to answer."""


async def unless_client_leaves(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await `work`, but cancel it when the client disconnects. The body must have been read."""
    try:
        async with asyncio.TaskGroup() as group:
            working = group.create_task(work)
            watching = group.create_task(_cancel_on_disconnect(request, working))
            working.add_done_callback(lambda _: watching.cancel())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    if working.cancelled():
        raise ClientGoneError
    return working.result()


async def _cancel_on_disconnect(request: Request, working: asyncio.Task[T]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    working.cancel()
