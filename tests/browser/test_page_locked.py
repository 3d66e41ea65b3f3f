"""A gateway that asks for keys: the page takes one, keeps none, and a link opens within its tenant alone."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.person import describe, field, finished, press, visit
from tests.browser.scripted import Scripted, scripted_models
from tests.browser.window import window
from tests.command import ctrl
from tests.gateway_process import gateway_process

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CONFIG = """
[models.coder]
engine = "openai"
role = "generator"
base_url = "{generator}"
model = "scripted"
[models.critic]
engine = "openai"
role = "critic"
base_url = "{critic}"
model = "scripted"
[defaults]
generator = "coder"
critic = "critic"
[sandbox]
url = "http://127.0.0.1:9"
[auth]
keys = "{keys}"
"""


@dataclass(frozen=True)
class Locked:
    """A gateway, and keys that open it."""

    url: str
    lab: str
    judge: str
    """The lab's too, for judging alone."""
    shop: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def locked(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Locked, None]:
    """Start one with the keys that `ctrl keys new` makes."""
    directory = tmp_path_factory.mktemp("locked")
    keys = directory / "keys.toml"
    lab, judge, shop = _key(keys, "lab", "refine"), _key(keys, "lab", "judge"), _key(keys, "shop", "refine")
    async with AsyncExitStack() as exits:
        servers = await scripted_models(exits)
        Scripted.on(servers.generator, servers.critic).let_all()
        addresses = {"generator": servers.generator.base_url, "critic": servers.critic.base_url}
        config = directory / "ctrl.toml"
        config.write_text(CONFIG.format(keys=keys, **addresses), encoding="utf-8")
        gateway = gateway_process(config)
        exits.callback(gateway.kill)
        await gateway.start()
        yield Locked(gateway.url, lab, judge, shop)


def _key(file: Path, tenant: str, role: str) -> str:
    made = ctrl("keys", "new", "--tenant", tenant, "--role", role, "--file", str(file))
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@pytest_asyncio.fixture(loop_scope="session")
async def door(browser: Browser, locked: Locked) -> AsyncGenerator[Page, None]:
    """Open the page, as anyone may."""
    async with window(browser, locked.url) as context:
        page = await context.new_page()
        await visit(page, "/")
        yield page


async def _take(page: Page, key: str) -> None:
    await field(page, "Key").fill(key)
    await field(page, "Key").press("Tab")


async def test_without_a_key_it_says_where_to_put_one(door: Page, locked: Locked) -> None:
    await describe(door)
    await press(door, "Refine")

    await expect(door.get_by_role("alert")).to_contain_text("Give a key of this gateway under “API key”.")
    await expect(field(door, "Key")).to_be_focused()
    await _take(door, locked.lab)
    await press(door, "Try again")
    await finished(door)


async def test_a_key_offers_the_models_and_refines(door: Page, locked: Locked) -> None:
    await _take(door, locked.lab)

    await expect(door.get_by_role("combobox", name="Generator")).to_have_value("coder")
    await describe(door)
    await press(door, "Refine")
    await finished(door)


async def test_a_key_that_is_none_is_told_so(door: Page) -> None:
    await _take(door, "ctrl_nobody_has_this")
    await describe(door)
    await press(door, "Refine")

    await expect(door.get_by_role("alert")).to_contain_text("key")


async def test_a_key_for_judging_does_not_refine(door: Page, locked: Locked) -> None:
    await _take(door, locked.judge)
    await describe(door)
    await press(door, "Refine")

    await expect(door.get_by_role("alert")).to_contain_text("this needs refine")


async def test_a_link_opens_with_a_key_of_its_tenant_and_no_other(door: Page, locked: Locked) -> None:
    await _take(door, locked.lab)
    await describe(door)
    await press(door, "Refine")
    await finished(door)

    await door.reload()
    await expect(door.get_by_role("alert")).to_contain_text("Give a key")
    await _take(door, locked.shop)
    await press(door, "Try again")
    await expect(door.get_by_role("alert")).to_contain_text("no such refinement")
    await _take(door, locked.lab)
    await press(door, "Try again")
    await finished(door)
