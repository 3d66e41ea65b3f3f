"""A browser window that fails the test in which the page complains."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext

PATIENCE_MS = 60_000
# What a browser says of an answer that is an error: the page tells it in better words.
EXPECTED = re.compile(
    "Failed to load resource: the server responded with a status of (4|50[24])"
    "|net::ERR_(FAILED|NETWORK_CHANGED)"
)


@asynccontextmanager
async def window(browser: Browser, url: str) -> AsyncGenerator[BrowserContext, None]:
    """Open a browser of its own at a gateway."""
    context = await browser.new_context(base_url=url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console",
        lambda said: (
            complaints.append(said.text) if said.type == "error" and not EXPECTED.search(said.text) else None
        ),
    )
    yield context
    await context.close()
    assert complaints == []
