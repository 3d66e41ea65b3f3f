"""How soon an endpoint is let go of when a client leaves."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks.processes import Service

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Leaving:
    """A way to ask, and the moment at which the client has had enough."""

    name: str
    path: str
    body: dict[str, Any]
    after_s: float


def ways_to_leave(latency_s: float) -> Sequence[Leaving]:
    """List the three windows, of the loop and of a call that is passed on."""
    early, middle = latency_s / 100, latency_s / 2
    loop = {"problem": "Write f(x), which adds some numbers to x.", "rounds": 2, "stop": "never"}
    chat = {"model": "writer", "messages": [{"role": "user", "content": "Write f(x)."}]}
    return (
        Leaving("refine, before the first token", "/refine", loop | {"stream": True}, early),
        Leaving("refine, in mid-stream", "/refine", loop | {"stream": True}, middle),
        Leaving("refine, not streamed", "/refine", loop, middle),
        Leaving("passed on, before the first token", "/v1/chat/completions", chat | {"stream": True}, early),
        Leaving("passed on, in mid-stream", "/v1/chat/completions", chat | {"stream": True}, middle),
        Leaving("passed on, not streamed", "/v1/chat/completions", chat, middle),
    )


async def latencies_ms(gateway: Service, upstream: Service, leaving: Leaving, count: int) -> list[float]:
    """Milliseconds from the client's close to the endpoint's hearing of it."""
    return [await _leave(gateway, upstream, leaving) for _ in range(count)]


async def _leave(gateway: Service, upstream: Service, leaving: Leaving) -> float:
    before = await _counts(upstream)
    async with aiohttp.ClientSession() as session:
        asking = asyncio.create_task(_read(session, gateway.url + leaving.path, leaving.body))
        await _until(upstream, "begun", before["begun"] + 1)
        await asyncio.sleep(leaving.after_s)
        asking.cancel()
        left_at = time.monotonic()
        await asyncio.wait([asking])
    after = await _until(upstream, "hung_up", before["hung_up"] + 1)
    return max(0.0, (after["hung_up_at"] - left_at) * 1000)


async def _read(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> None:
    async with session.post(url, json=body) as answer:
        await answer.read()


async def _until(upstream: Service, name: str, value: float) -> dict[str, float]:
    async with asyncio.timeout(_PATIENCE_S):
        while (counts := await _counts(upstream))[name] < value:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.002)
    return counts


async def _counts(upstream: Service) -> dict[str, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{upstream.url}/counts") as answer:
        counts: dict[str, float] = await answer.json(content_type=None)
        return counts
