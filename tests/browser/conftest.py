"""One stack and one browser: gateway and sandbox with the shipped weights, and a real Chromium."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from service.cli.stack import free_port, stack
from tests.browser.person import visit
from tests.browser.scripted import Scripted, Town, scripted_models
from tests.browser.window import PATIENCE_MS, window

CHROMIUM = shutil.which("chromium")
WEIGHTS = Path("weights/mini").resolve()
CONFIG = """
[server]
heartbeat_s = 1.0
[models.mini-generator]
engine = "embedded"
role = "generator"
path = "{weights}/generator"
[models.mini-critic]
engine = "embedded"
role = "critic"
path = "{weights}/critic"
[models.untrained-critic]
engine = "embedded"
role = "critic"
path = "{weights}/generator"
[models.scripted-generator]
engine = "openai"
role = "generator"
base_url = "{generator}"
model = "scripted"
[models.scripted-critic]
engine = "openai"
role = "critic"
base_url = "{critic}"
model = "scripted"
[defaults]
generator = "mini-generator"
critic = "mini-critic"
"""
expect.set_options(timeout=PATIENCE_MS)


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
async def town(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Town, None]:
    """Start the stack: nothing faked but the two models that are called scripted."""
    directory = tmp_path_factory.mktemp("stack")
    async with AsyncExitStack() as exits:
        servers = await scripted_models(exits)
        addresses = {"generator": servers.generator.base_url, "critic": servers.critic.base_url}
        config = directory / "ctrl.toml"
        config.write_text(CONFIG.format(weights=WEIGHTS, **addresses), encoding="utf-8")
        running = stack(free_port(), free_port(), config, directory / "stack.log")
        try:
            await asyncio.to_thread(running.start)
            yield Town(servers.generator, servers.critic, running.url)
        finally:
            await asyncio.to_thread(running.stop)


@pytest_asyncio.fixture(loop_scope="session")
async def scripted(town: Town) -> AsyncGenerator[Scripted, None]:
    """Models that say what the test says, as often as it lets them; nothing is left waiting."""
    models = Scripted.on(town.generator, town.critic)
    yield models
    models.let_all()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser, town: Town) -> AsyncGenerator[BrowserContext, None]:
    async with window(browser, town.url) as context:
        yield context


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    """Open the page."""
    page = await context.new_page()
    await visit(page, "/")
    return page
