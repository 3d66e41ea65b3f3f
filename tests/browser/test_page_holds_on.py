"""What was begun is neither lost by the page nor begun twice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.browser.person import choose, choose_scripted, describe, field, finished, press, visit
from tests.browser.scripted import Scripted, Town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

REFINE = "**/refine"
ANY_EVENTS = "**/refine/*/events"
ONE = "**/refine/rf_*"


def _begun(page: Page) -> list[Request]:
    """Note each refinement that the page begins from now on."""
    posts: list[Request] = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    return posts


@asynccontextmanager
async def _on_its_way(page: Page) -> AsyncGenerator[None, None]:
    """Press Refine, and hold back the request until the end."""
    asked, let, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await let.wait()
        await route.continue_()
        gone.set()

    await page.route(REFINE, hold, times=1)
    await press(page, "Refine")
    await asked.wait()
    yield
    let.set()
    await gone.wait()


async def test_what_is_not_followed_any_more_is_found_again(page: Page, scripted: Scripted) -> None:
    await describe(page)
    await choose_scripted(page)
    posts = _begun(page)
    await page.route(ANY_EVENTS, lambda route: route.fulfill(status=410))
    await press(page, "Refine")
    await expect(page.locator(".standing")).to_have_text("Not followed any more")
    await expect(page.locator("article.live")).to_have_count(0)
    await expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    await page.unroute(ANY_EVENTS)
    scripted.let_all()
    await press(page, "Try again")

    await finished(page)
    assert len(posts) == 1


@pytest.mark.parametrize("status", [502, 504])
async def test_a_proxy_without_a_gateway_behind_it_is_waited_for(
    page: Page, scripted: Scripted, status: int
) -> None:
    scripted.let_all()
    await describe(page)
    await choose_scripted(page)
    await page.route(ANY_EVENTS, lambda route: route.fulfill(status=status), times=1)
    await press(page, "Refine")

    await finished(page)


async def test_stop_is_remembered_until_there_is_something_to_stop(page: Page, scripted: Scripted) -> None:
    assert scripted.generator  # which writes nothing until it is let
    await describe(page)
    await choose_scripted(page)
    async with _on_its_way(page):
        await press(page, "Stop")

    await finished(page, "Stopped")


async def test_stop_can_be_pressed_again_when_it_did_not_arrive(page: Page, scripted: Scripted) -> None:
    assert scripted.generator
    await describe(page)
    await choose_scripted(page)
    await press(page, "Refine")
    await expect(page.locator(".standing")).to_have_text("Draft: the generator writes …")
    await page.route(ONE, lambda route: route.abort())
    await press(page, "Stop")
    await expect(page.get_by_role("alert")).to_contain_text("The gateway does not answer")
    await page.unroute(ONE)
    await press(page, "Stop")

    await finished(page, "Stopped")


async def test_what_was_left_before_it_had_a_name_is_stopped(
    page: Page, scripted: Scripted, town: Town
) -> None:
    await describe(page)
    await choose_scripted(page)
    async with _on_its_way(page):
        await choose(page, "Judge")
        await field(page, "Solution A").fill("x = 1")
        await press(page, "Judge")
        ended = asyncio.create_task(
            page.wait_for_event("response", lambda response: response.request.method == "DELETE")
        )
        await asyncio.sleep(0)

    assert (await ended).status == 202  # the models are still held, so there is something to stop
    scripted.let_all()
    assert page.url == f"{town.url}/"


async def test_of_two_critics_neither_is_left_alone_with_the_problem(page: Page, scripted: Scripted) -> None:
    assert scripted.generator
    await choose(page, "Compare critics")
    await describe(page)
    await page.get_by_role("combobox", name="Generator").select_option("scripted-generator")

    async def refuse_one(route: Route) -> None:
        full = "untrained-critic" in (route.request.post_data or "")
        await (route.fulfill(status=429, headers={"Retry-After": "7"}) if full else route.continue_())

    await page.route(REFINE, refuse_one)
    async with page.expect_response(lambda response: response.request.method == "DELETE") as ended:
        await press(page, "Compare")

    assert (await ended.value).status == 202
    await expect(page.get_by_role("alert")).to_contain_text("429")
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()


async def test_numbers_of_tests_go_on_as_they_were_written(page: Page, scripted: Scripted) -> None:
    written = '[{"args": [3], "expected": 4.0},\n {"args": [9007199254740993], "expected": 4}]'
    scripted.let_all()
    posts = _begun(page)
    await describe(page)
    await field(page, "Tests").fill(written)
    await choose_scripted(page)
    await press(page, "Refine")
    await expect(page.locator(".standing")).to_contain_text("Finished")

    sent = posts[0].post_data or ""
    assert all(number in sent for number in ('"expected":4.0}', "[9007199254740993]"))
    await visit(page, page.url)
    await page.reload()
    await expect(field(page, "Tests")).to_have_value(
        '[{"args":[3],"kwargs":{},"expected":4.0,"equality":"json"},\n'
        ' {"args":[9007199254740993],"kwargs":{},"expected":4,"equality":"json"}]'
    )
