"""The page by keyboard, by screen reader, on a phone, in light and in dark; and what it looks like."""

from collections.abc import AsyncGenerator, Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.person import choose, describe, field, finished, press, visit
from tests.browser.scripted import Scripted, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PLOTS = len(list(Path("docs/results").glob("*.svg")))
PICTURES = Path("runs/browser")
"""Kept to be looked at; git ignores it."""
SLIPPED = """\
xs = [int(x) for x in input().split()]
xs = [x for x in xs if x % 3 == 0]
xs = [a + b for a, b in zip(xs, xs[1:])]
xs = [x for x in xs if x < 7]
print(len(xs))"""
"""For the example that is shown, which asks for numbers that are not divisible by 3."""
Scheme = Literal["light", "dark"]
Opening = Callable[..., Coroutine[Any, Any, Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser, town: Town) -> AsyncGenerator[Opening, None]:
    """Open the page in a browser of a size and a taste."""
    contexts = []

    async def open_page(
        scheme: Scheme = "light", width: int = 1280, height: int = 860, at: str = "/"
    ) -> Page:
        context = await browser.new_context(
            base_url=town.url, color_scheme=scheme, viewport={"width": width, "height": height}
        )
        contexts.append(context)
        page = await context.new_page()
        await visit(page, at)
        return page

    yield open_page
    for context in contexts:
        await context.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shown(browser: Browser, town: Town) -> str:
    """Let the shipped weights mend a slip in an example, once, and return its link."""
    context = await browser.new_context(base_url=town.url)
    page = await context.new_page()
    await visit(page, "/")
    await page.get_by_label("Example").select_option(label="A line of numbers, read from standard input")
    await field(page, "Draft to start from").fill(SLIPPED)
    await page.get_by_text("More options").click()
    await page.get_by_label("Seed", exact=True).fill("1")
    await press(page, "Refine")
    await finished(page)
    link = page.url
    await context.close()
    return link


async def _is_accessible(page: Page) -> None:
    found = (await Axe().run(page)).response["violations"]
    told = {
        f"{each['id']} ({each['impact']})": [node["html"][:200] for node in each["nodes"]][:3]
        for each in found
    }
    assert told == {}


async def _fits(page: Page) -> None:
    width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width == 0, "the page scrolls sideways"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_refinement_is_legible_and_labelled(opened: Opening, shown: str, scheme: Scheme) -> None:
    page = await opened(scheme, at=shown)
    await finished(page)
    await expect(page.locator(".round").last.locator(".row").first).to_be_visible()
    await page.set_viewport_size({"width": 1340, "height": 965})
    await page.screenshot(path=PICTURES / f"refinement-{scheme}.png")
    await page.get_by_role("button", name="Test 1, draft").click()

    await _is_accessible(page)


@pytest.mark.parametrize("mode", ["Refine", "Compare critics", "Judge"])
async def test_each_form_is_labelled_and_fits_a_phone(opened: Opening, mode: str) -> None:
    page = await opened("light", 360, 740)
    await choose(page, mode)
    await _fits(page)
    for part in await page.locator("details:visible").all():
        await part.locator("summary").click()

    await _fits(page)
    await _is_accessible(page)


async def test_a_refinement_fits_a_phone(opened: Opening, shown: str) -> None:
    page = await opened("dark", 360, 740, at=shown)
    await finished(page)
    await page.screenshot(path=PICTURES / "phone.png", full_page=True)

    await _fits(page)
    # A line and what became of it stand one below the other.
    before = page.locator(".row.changed .old").first
    assert int(await before.evaluate("(side) => side.clientWidth")) > 250


async def test_two_critics_and_a_judging_are_legible_and_fit_a_phone(
    opened: Opening, scripted: Scripted
) -> None:
    scripted.let_all()
    page = await opened("dark", 360, 740)
    await choose(page, "Judge")
    await page.get_by_label("Example").select_option(index=1)
    await press(page, "Judge")
    await expect(page.locator(".podium > li")).to_have_count(3)
    await _fits(page)
    await _is_accessible(page)
    await page.screenshot(path=PICTURES / "judging.png", full_page=True)
    await choose(page, "Compare critics")
    await press(page, "Compare")
    await expect(page.locator("article.run:not(.live)")).to_have_count(2)

    await _fits(page)
    await _is_accessible(page)
    await page.set_viewport_size({"width": 1500, "height": 900})
    await page.screenshot(path=PICTURES / "comparison.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_plots_of_the_results_are_one_link_away(opened: Opening, scheme: Scheme) -> None:
    page = await opened(scheme, 360, 740)
    await page.get_by_role("link", name="Measured results").click()
    await page.wait_for_selector("html[data-ready]", state="attached")
    plots = await page.get_by_role("img").all()
    drawn = [await plot.evaluate("(image) => image.complete && image.naturalWidth > 0") for plot in plots]
    await page.screenshot(path=PICTURES / f"results-{scheme}.png", full_page=True)

    assert len(plots) == PLOTS
    assert all(drawn)
    await _fits(page)
    await _is_accessible(page)
    await page.get_by_role("link", name="Pass@1 by round").click()
    assert (
        await page.evaluate("getComputedStyle(document.querySelector('text')).fill") == "rgb(128, 128, 128)"
    )


async def test_an_error_is_announced_and_legible(opened: Opening, town: Town) -> None:
    page = await opened("dark", at=f"{town.url}/#rf_{'0' * 32}")
    await expect(page.get_by_role("alert")).to_be_visible()
    await press(page, "Refine")
    await expect(field(page, "Problem")).to_be_focused()

    await _is_accessible(page)


async def test_the_keyboard_alone_is_enough(opened: Opening) -> None:
    page = await opened()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the results")).to_be_focused()
    for _ in range(5):
        await page.keyboard.press("Tab")
    await expect(page.get_by_label("Example")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    for _ in range(2):
        await page.keyboard.press("Tab")
    await expect(field(page, "Function to write")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.locator(".run:not(.live)").wait_for()
    await page.locator(".step").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Draft", exact=True)).to_be_focused()


async def test_the_colours_can_be_chosen_and_stay(opened: Opening) -> None:
    page = await opened("light")
    await page.get_by_label("Colours").select_option("Dark")
    chosen = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.reload()
    after = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.get_by_label("Colours").select_option("Light")

    assert chosen == after != await page.evaluate("getComputedStyle(document.body).backgroundColor")


async def test_the_end_is_announced_to_who_does_not_see_it(opened: Opening, shown: str) -> None:
    page = await opened(at=shown)

    await expect(page.get_by_role("status")).to_have_text("Finished: judged correct")


async def test_recent_opens_over_the_page_and_escape_closes_it(opened: Opening) -> None:
    page = await opened()
    await press(page, "Recent")
    await expect(page.get_by_role("dialog", name="Recent refinements")).to_be_visible()
    await _is_accessible(page)
    await page.keyboard.press("Escape")

    await expect(page.get_by_role("dialog")).to_be_hidden()
    await describe(page)
