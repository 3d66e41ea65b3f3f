"""What goes wrong is said where it can be put right."""

import re

import pytest
from playwright.async_api import BrowserContext, Page, Request, Route, expect

from tests.browser.person import choose, choose_scripted, describe, field, finished, press, visit
from tests.browser.scripted import Scripted, Town
from tests.openai_server import refusal

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(
    ("problem", "tests", "name", "said"),
    [
        ("", "", "problem", "Say what the program should do."),
        ("Add one.", "[{]", "tests", "This is not JSON"),
        ("Add one.", '{"args": [1]}', "tests", "Give a list"),
        ("Add one.", '[{"args": [1], "expected": 2}, {"stdin": "1", "stdout": "2"}]', "tests", "one kind"),
        ("Add one.", '[{"args": [1], "expected": 2}, {"wrong": 1}]', "tests", "1: a test is"),
    ],
)
async def test_a_field_that_cannot_be_says_so_and_is_where_one_types_next(
    page: Page, problem: str, tests: str, name: str, said: str
) -> None:
    await field(page, "Problem").fill(problem)
    await field(page, "Function to write").fill("f")
    await field(page, "Tests").fill(tests)
    await press(page, "Refine")

    control = page.locator("[aria-invalid]")
    await expect(control).to_have_accessible_description(re.compile(said))
    await expect(control).to_be_focused()
    assert await control.get_attribute("name") == name


async def test_a_field_in_a_closed_part_is_opened_to_say_so(page: Page) -> None:
    await describe(page)
    await page.get_by_label("Seed", exact=True).evaluate("(field) => { field.value = 1.5 }")
    await press(page, "Refine")

    await expect(page.get_by_label("Seed", exact=True)).to_be_focused()
    await expect(page.locator(".complaint")).to_contain_text("valid integer")


async def test_what_was_put_right_is_not_complained_of_any_more(page: Page, scripted: Scripted) -> None:
    scripted.let_all()
    await press(page, "Refine")
    await expect(page.locator(".complaint")).to_have_count(1)
    await describe(page)
    await choose_scripted(page)
    await press(page, "Refine")

    await finished(page)
    await expect(page.locator(".complaint, [aria-invalid]")).to_have_count(0)


async def test_a_part_that_failed_is_named(page: Page, town: Town, scripted: Scripted) -> None:
    town.critic.answers.clear()
    town.critic.answer(refusal(400, "no"))
    scripted.let_all()
    await describe(page)
    await choose_scripted(page)
    await press(page, "Refine")

    await finished(page, "Failed")
    await expect(page.get_by_role("alert")).to_contain_text("The critic failed")
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()


async def test_a_part_that_fails_for_a_while_is_named_and_waited_for(
    page: Page, town: Town, scripted: Scripted
) -> None:
    speaking = town.critic.answers.pop()
    town.critic.answer(*[refusal(500)] * 4, speaking)
    scripted.let_all()
    await describe(page)
    await choose_scripted(page)
    await press(page, "Refine")
    await expect(page.locator(".standing")).to_contain_text("The critic failed; tried again in")

    await finished(page)
    await expect(page.locator(".round")).to_have_count(2)


async def test_a_link_to_nothing_says_so(page: Page, town: Town) -> None:
    await visit(page, f"{town.url}/#rf_{'0' * 32}")

    await expect(page.get_by_role("alert")).to_contain_text("there is no such refinement")


@pytest.mark.parametrize("address", ["#rf_1", "#<img src=x onerror=alert(1)>", "#%", "#results"])
async def test_an_address_that_is_no_link_shows_the_beginning(
    context: BrowserContext, town: Town, address: str
) -> None:
    page = await context.new_page()
    await visit(page, f"{town.url}/{address}")

    await expect(page.locator(".welcome")).to_be_visible()


async def test_a_gateway_that_is_away_can_be_asked_again(page: Page, scripted: Scripted) -> None:
    async def away(route: Route) -> None:
        await route.abort()

    scripted.let_all()
    await describe(page)
    await choose_scripted(page)
    await page.route("**/refine", away)
    await press(page, "Refine")
    await expect(page.get_by_role("alert")).to_contain_text("The gateway does not answer")
    await page.unroute("**/refine")
    await press(page, "Try again")

    await finished(page)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_key_goes_along_with_every_question_and_is_not_kept(page: Page, scripted: Scripted) -> None:
    sent: list[Request] = []

    def note(request: Request) -> None:
        sent.append(request)

    scripted.let_all()
    await describe(page)
    await choose_scripted(page)
    await page.get_by_text("API key").click()
    await field(page, "Key").fill("secret")
    page.on("request", note)
    await press(page, "Refine")
    await finished(page)

    assert {await request.header_value("authorization") for request in sent if "refine" in request.url} == {
        "Bearer secret"
    }
    assert "secret" not in await page.evaluate(
        "JSON.stringify([localStorage, sessionStorage, location.href, document.cookie])"
    )


async def test_a_judging_without_programs_is_not_begun(page: Page) -> None:
    await choose(page, "Judge")
    await describe(page)
    await press(page, "Judge")

    await expect(field(page, "Solution A")).to_be_focused()
    await expect(page.locator(".complaint")).to_have_text("Give at least one program to judge.")
