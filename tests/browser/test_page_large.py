"""Programs of a megabyte do not hold the page up: what is drawn is bounded, and the work is done aside."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.person import a_round, choose_scripted, describe, field, finished, press
from tests.browser.scripted import Scripted

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINE = "    total = total + x * 17  # and so on " + "." * 460
LONG = "def f(x):\n    total = 0\n" + "\n".join(f"{LINE} {number}" for number in range(2_000))
NODES = 20_000


async def _nodes(page: Page) -> int:
    return int(await page.evaluate("document.getElementsByTagName('*').length"))


async def test_a_million_characters_are_compared_and_drawn_in_part(page: Page, scripted: Scripted) -> None:
    scripted.write(LONG, LONG.replace("17", "18"))
    scripted.judge(
        lambda prompt: "Overall judgment: Correct" if "x * 18" in prompt else "Overall judgment: Incorrect"
    )
    scripted.let_all()
    assert len(LONG) > 1_000_000
    await describe(page)
    await choose_scripted(page)
    await press(page, "Refine")
    revision = a_round(page, "Revision 1")
    await field(page, "Function to write").fill("typed_meanwhile")
    await finished(page)

    await expect(revision.locator(".row")).to_have_count(200)
    await expect(revision).to_contain_text("2,000 lines new, 2,000 gone")
    assert page.workers
    assert await _nodes(page) < NODES
    await revision.get_by_role("button", name="Show more").evaluate(
        "(button) => [button.click(), button.click()]"
    )
    await expect(revision.locator(".sheet-foot")).to_contain_text("Show more of 1,6")
    await expect(revision.locator(".row")).to_have_count(400)
    assert await field(page, "Function to write").input_value() == "typed_meanwhile"


async def test_a_line_of_a_million_characters_is_told_by_its_beginning(
    page: Page, scripted: Scripted
) -> None:
    scripted.write("x = 1", f"x = '{'a' * 1_000_000}'")
    scripted.judge(lambda _: f"{'b' * 300_000}\nOverall judgment: Correct")
    scripted.let_all()
    await describe(page)
    await choose_scripted(page)
    await field(page, "Draft").fill("x = 1")
    await page.get_by_role("spinbutton", name="Rounds").fill("1")
    await page.get_by_text("More options").click()
    await page.get_by_role("combobox", name="Stop").select_option("never")
    await press(page, "Refine")
    await finished(page, "Finished: rounds exhausted")

    revision = a_round(page, "Revision 1")
    await expect(revision.locator(".fresh .cut")).to_have_text("… 999,006 more characters")
    await expect(revision.get_by_role("button", name="further character")).to_be_visible()
    assert len(await page.locator("#stage").inner_text()) < 100_000


async def test_a_draft_longer_than_the_gateway_reads_is_refused_at_its_field(page: Page) -> None:
    await describe(page)
    await field(page, "Draft").evaluate("(field, text) => { field.value = text }", LONG)
    await press(page, "Refine")

    await expect(field(page, "Draft")).to_have_accessible_description(
        "String should have at most 200000 characters"
    )


async def test_a_worker_that_does_not_come_is_done_without(page: Page, scripted: Scripted) -> None:
    async def lose(route: Route) -> None:
        await route.abort()

    scripted.let_all()
    await page.context.route("**/worker.js", lose)
    await describe(page)
    await choose_scripted(page)
    await press(page, "Refine")
    await finished(page)

    await expect(a_round(page, "Revision 1").locator(".row.changed")).to_have_count(1)
