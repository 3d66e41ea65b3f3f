"""Each test calls both clients: what one knows of the wire, the other knows too."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import Any

from service.client import AsyncClient, Client, Patience

KINDS = ("blocking", "asyncio")

QUICK = Patience(busy_s=2.0, unreachable_s=2.0, first_wait_s=0.001, longest_wait_s=0.01)
ONCE = Patience(busy_s=0, unreachable_s=0)


async def ask(
    kind: str, url: str, method: str, *arguments: Any, patience: Patience = QUICK, **fields: Any
) -> Any:
    """Call a method of a client of that kind; events are gathered."""
    if kind == "blocking":
        return await asyncio.to_thread(_blocking, url, patience, method, arguments, fields)
    async with AsyncClient(url, patience=patience) as client:
        answer = getattr(client, method)(*arguments, **fields)
        if isinstance(answer, AsyncGenerator):
            return [event async for event in answer]
        return await answer


def _blocking(
    url: str, patience: Patience, method: str, arguments: tuple[Any, ...], fields: dict[str, Any]
) -> Any:
    with Client(url, patience=patience) as client:
        answer = getattr(client, method)(*arguments, **fields)
        return list(answer) if isinstance(answer, Generator) else answer
