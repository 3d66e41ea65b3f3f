"""Two critics beside each other on one problem, and programs in the order that a judge puts them."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.person import choose, describe, field, finished, press, visit
from tests.browser.scripted import Scripted
from tests.gateway_process import RIGHT, WRONG

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_two_critics_begin_with_the_same_draft_and_a_link_shows_both(page: Page) -> None:
    await choose(page, "Compare critics")
    await page.get_by_label("Example").select_option(label="A line of numbers, read from standard input")
    await page.get_by_text("More options").click()
    await page.get_by_label("Seed", exact=True).fill("1")
    await press(page, "Compare")
    await expect(page.locator("article.run:not(.live)")).to_have_count(2)
    await finished(page)

    runs = page.locator("article.run")
    assert await runs.get_by_role("heading", level=2).all_inner_texts() == ["mini-critic", "untrained-critic"]
    await expect(page.get_by_role("status")).to_have_text(re.compile("^(mini|untrained)-critic: Finished"))
    drafts = [
        await runs.nth(place).locator(".round").first.locator(".sheet").inner_text() for place in (0, 1)
    ]
    assert drafts[0] == drafts[1]
    await visit(page, "/")
    await page.go_back()
    await finished(page)
    await expect(runs.get_by_role("heading", level=2)).to_have_text(["mini-critic", "untrained-critic"])


async def test_a_critic_is_not_compared_with_itself(page: Page) -> None:
    await choose(page, "Compare critics")
    await describe(page)
    await page.get_by_role("combobox", name="Other critic").select_option("mini-critic")
    await press(page, "Compare")

    await expect(page.get_by_role("combobox", name="Other critic")).to_have_accessible_description(
        "Choose another one than the first."
    )


async def test_the_right_program_is_ranked_first_whatever_the_order(page: Page, scripted: Scripted) -> None:
    scripted.let_all()
    await choose(page, "Judge")
    await describe(page, tests=[{"args": [3], "expected": 4}])
    await page.get_by_role("combobox", name="Critic", exact=True).select_option("scripted-critic")
    await press(page, "Add a solution")
    for name, code in zip("ABC", (WRONG, RIGHT, "no program"), strict=True):
        await field(page, f"Solution {name}").fill(code)
    await press(page, "Judge")

    places = page.locator(".podium > li")
    await expect(places).to_have_count(3)
    assert [await place.get_by_role("heading", level=3).inner_text() for place in await places.all()] == [
        "Solution B",
        "Solution A",
        "Solution C",
    ]
    await expect(places.nth(0)).to_contain_text("1 of 1 test")
    await expect(places.nth(1)).to_contain_text("Handle odd numbers.")
    await expect(page.get_by_role("status")).to_have_text("Solution B is ranked first.")


async def test_a_field_that_was_left_empty_keeps_its_letter(page: Page, scripted: Scripted) -> None:
    scripted.let_all()
    await choose(page, "Judge")
    await describe(page, tests=[{"args": [3], "expected": 4}])
    await page.get_by_role("combobox", name="Critic", exact=True).select_option("scripted-critic")
    await field(page, "Solution B").fill(RIGHT)
    await press(page, "Judge")

    await expect(page.locator(".podium > li").get_by_role("heading", level=3)).to_have_text("Solution B")
    await expect(page.get_by_role("status")).to_have_text("Solution B is ranked first.")


async def test_a_judging_can_be_stopped(page: Page, scripted: Scripted) -> None:
    await choose(page, "Judge")
    await describe(page)
    await page.get_by_role("combobox", name="Critic", exact=True).select_option("scripted-critic")
    await field(page, "Solution A").fill(WRONG)
    await press(page, "Judge")
    await expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    await press(page, "Stop")

    await finished(page, "Stopped")


async def test_the_first_program_of_each_example_is_right(page: Page) -> None:
    await choose(page, "Judge")
    await page.get_by_label("What decides").select_option("exec")
    examples = await page.get_by_label("Example").locator("option").all_inner_texts()
    found: dict[str, str] = {}
    for example in examples[1:]:
        await page.get_by_label("Example").select_option(label=example)
        async with page.expect_response("**/judge") as answered:
            await press(page, "Judge")
        answer = await (await answered.value).json()
        found[example] = answer["results"][0]["judgment"]

    assert found == dict.fromkeys(examples[1:], "correct")
