"""Work that ends when the client leaves."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

T = TypeVar("T")


class ClientDisconnectedError(Exception):
    """The client closed its connection; there is nobody to answer."""


async def unless_disconnected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Await `work`, and cancel it if the client leaves first. The request's body must have been read."""
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_watch(receive))
            result = await work
            watching.cancel()
            return result
    except BaseExceptionGroup as errors:
        raise _chief(errors) from None


async def _watch(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnectedError


def _chief(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the one error that matters: the work's own, and only else that the client left."""
    flat = _flat(errors)
    return next((error for error in flat if not isinstance(error, ClientDisconnectedError)), flat[0])


def _flat(errors: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [
        leaf
        for error in errors.exceptions
        for leaf in (_flat(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
