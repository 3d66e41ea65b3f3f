"""A checkpoint behind an OpenAI-compatible endpoint on loopback, for tests that are not asynchronous."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from service.adapters.embedded import EmbeddedModel
from tests.openai_server import chat_server, speaking


@contextmanager
def served(checkpoint: Path) -> Iterator[str]:
    """Serve on a free port from a thread of its own; yields the base URL."""
    url: Future[str] = Future()
    done: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        over = asyncio.Event()
        done.set_result((asyncio.get_running_loop(), over))
        async with EmbeddedModel.load("served", checkpoint) as model, chat_server() as server:
            server.answer(speaking(model))
            url.set_result(server.base_url)
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    try:
        yield url.result(timeout=30)
    finally:
        loop, over = done.result()
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
