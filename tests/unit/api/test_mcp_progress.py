"""How long a client of MCP hears nothing."""

import asyncio
from itertools import pairwise

from service.api.mcp.progress import Progress

SILENCE_S = 0.2


async def test_it_is_never_silent_for_longer_than_it_may() -> None:
    heard: list[float] = []
    loop = asyncio.get_running_loop()

    async def report(step: float, of: float | None, message: str | None) -> None:
        heard.append(loop.time())

    progress, cancelled = Progress(report, SILENCE_S), asyncio.Event()
    waiting = asyncio.ensure_future(progress.until(cancelled)())
    await asyncio.sleep(SILENCE_S * 0.5)
    await progress.say("round 0: writing")
    await asyncio.sleep(SILENCE_S * 2.5)
    cancelled.set()

    assert await waiting == {"type": "http.disconnect"}
    silences = [after - before for before, after in pairwise(heard)]
    assert len(silences) == 2
    assert max(silences) < SILENCE_S * 1.4
