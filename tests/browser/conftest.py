"""One stack and one browser: gateway and sandbox with the shipped weights, and a real Chromium."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from service.cli.stack import free_port, stack

CHROMIUM = shutil.which("chromium")
WEIGHTS = Path("weights/mini").resolve()
PATIENCE_MS = 60_000
CONFIG = """
[models.mini-generator]
engine = "embedded"
role = "generator"
path = "{weights}/generator"
[models.mini-critic]
engine = "embedded"
role = "critic"
path = "{weights}/critic"
[defaults]
generator = "mini-generator"
critic = "mini-critic"
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser, None]:
    """Start Chromium; without the program the tests are skipped, and say so."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        # Chromium's own sandbox does not start for root; what it shows here is our own page.
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str, None]:
    """Start the stack and say where it is."""
    directory = tmp_path_factory.mktemp("stack")
    config = directory / "ctrl.toml"
    config.write_text(CONFIG.format(weights=WEIGHTS), encoding="utf-8")
    running = stack(free_port(), free_port(), config, directory / "stack.log")
    try:
        await asyncio.to_thread(running.start)
        yield running.url
    finally:
        await asyncio.to_thread(running.stop)


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, address: str) -> AsyncGenerator[Page, None]:
    """Open the page; whatever the browser complains of fails the test."""
    context = await browser.new_context(base_url=address)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
    assert complaints == []
