"""A person opens the page and sees a program being criticised and improved."""

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from tests.browser.person import a_round, choose_scripted, describe, field, finished, press, visit
from tests.browser.scripted import Scripted
from tests.unit.api.jobs.waiting import Json

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TESTS: list[Json] = [{"args": [3], "expected": 4}, {"args": [0], "expected": 1}]


async def _begin(page: Page) -> None:
    await describe(page, tests=TESTS)
    await choose_scripted(page)
    await press(page, "Refine")


async def test_every_part_of_a_round_is_shown_when_it_is_written(page: Page, scripted: Scripted) -> None:
    await _begin(page)
    draft, revision = a_round(page, "Draft"), a_round(page, "Revision 1")

    await expect(page.locator(".standing")).to_have_text("Draft: the generator writes …")
    scripted.generator.let(1)
    await expect(draft.locator("code").nth(1)).to_have_text("    return x")
    await expect(draft).to_contain_text("The critic reads.")
    await expect(draft).to_contain_text("0 of 2 tests")
    scripted.critic.let(1)
    for title, text in {
        "Analysis": "It fails for odd numbers.",
        "Suggestions": "Handle odd numbers.",
        "Judgment": "Incorrect",
    }.items():
        part = draft.locator(".critique section", has=page.get_by_role("heading", name=title))
        await expect(part).to_contain_text(text)
    await expect(revision).to_contain_text("The generator writes.")
    scripted.generator.let(1)
    await expect(revision.locator(".row.changed")).to_have_count(1)
    await expect(revision.locator(".changed .old code")).to_have_text("removed:     return x")
    await expect(revision.locator(".changed .fresh code")).to_have_text("added:     return x + 1")
    await expect(revision.locator(".changed .fresh .inside")).to_have_text([" ", "+", " ", "1"])
    scripted.critic.let(1)
    await finished(page)
    await expect(revision).to_contain_text("the answer")


async def test_the_matrix_has_a_cell_for_each_test_and_round(page: Page, scripted: Scripted) -> None:
    scripted.let_all()
    await _begin(page)
    await finished(page)

    matrix = page.get_by_role("region", name="Tests", exact=True)
    await expect(matrix.get_by_role("row")).to_have_count(3)
    await expect(matrix.get_by_role("rowheader").first).to_have_text("1. f(3) → 4")
    await expect(matrix.get_by_role("button", name="Test 1, revision 1: accepted")).to_be_visible()
    await matrix.get_by_role("button", name="Test 2, draft: wrong answer").click()
    await expect(matrix.get_by_role("region", name="What a test did")).to_contain_text(
        "It returned or printed0"
    )


async def test_tokens_and_seconds_are_told_at_the_end(page: Page, scripted: Scripted) -> None:
    scripted.let_all()
    await _begin(page)
    await finished(page)

    told = dict(
        zip(
            await page.locator(".summary dt").all_inner_texts(),
            await page.locator(".summary dd").all_inner_texts(),
            strict=True,
        )
    )
    assert int(told["Tokens"].replace(",", "")) > 0
    assert told["Time"].endswith(" s")
    assert (told["Programs"], told["Tests"], told["Critic"]) == ("2", "2 of 2", "scripted-critic")
    await expect(a_round(page, "Draft").locator("header .facts")).to_contain_text("tokens")


async def test_stop_ends_the_work_and_not_only_the_showing(page: Page, scripted: Scripted) -> None:
    await _begin(page)
    await expect(page.locator(".standing")).to_have_text("Draft: the generator writes …")
    await press(page, "Stop")

    await finished(page, "Stopped")
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    assert scripted.generator.working == 0


async def test_a_link_shows_what_was_and_goes_on_with_what_comes(
    page: Page, context: BrowserContext, scripted: Scripted
) -> None:
    scripted.generator.let(1)
    await _begin(page)
    await expect(a_round(page, "Draft")).to_contain_text("The critic reads.")
    other = await context.new_page()
    await visit(other, page.url)
    await expect(a_round(other, "Draft")).to_contain_text("The critic reads.")
    scripted.let_all()

    await finished(page)
    await finished(other)
    assert await other.locator(".rounds").inner_text() == await page.locator(".rounds").inner_text()
    await expect(other.get_by_role("heading", level=2)).to_have_text("Add one to a number.")
    assert await field(other, "Tests").input_value() != ""


@pytest.mark.parametrize(
    ("may_copy", "said"), [(True, "The link is copied"), (False, "The address bar has the link")]
)
async def test_who_copies_the_link_sees_and_hears_whether_it_is_copied(
    page: Page, context: BrowserContext, scripted: Scripted, *, may_copy: bool, said: str
) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not may_copy:
        await page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))")
    scripted.let_all()
    await _begin(page)
    await finished(page)
    await press(page, "Copy link")

    await expect(page.get_by_role("button", name=said)).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text(said)
    if may_copy:
        assert await page.evaluate("navigator.clipboard.readText()") == page.url


async def test_a_lost_connection_is_taken_up_after_the_last_event(page: Page, scripted: Scripted) -> None:
    asked_after: list[str | None] = []

    async def cut(route: Route) -> None:
        asked_after.append(await route.request.header_value("last-event-id"))
        if len(asked_after) > 1:
            await route.continue_()
            return
        events = (await (await route.fetch()).text()).split("\n\n")
        await route.fulfill(
            body="\n\n".join(events[:4]) + "\n\nid: 5\nevent: half an ev", content_type="text/event-stream"
        )

    scripted.let_all()
    await page.route("**/events", cut)
    await _begin(page)
    await finished(page)

    assert asked_after == [None, "4"]
    await expect(a_round(page, "Revision 1").locator(".changed .fresh code")).to_have_text(
        "added:     return x + 1"
    )


async def test_what_was_begun_here_is_listed_and_opens_again(page: Page, scripted: Scripted) -> None:
    scripted.let_all()
    await _begin(page)
    await finished(page)
    kept = await page.evaluate("JSON.stringify(localStorage)")
    await visit(page, "/")
    await press(page, "Recent")
    await page.get_by_role("link", name="Add one to a number.").click()

    await finished(page)
    assert "Add one" not in kept


async def test_events_that_are_no_longer_kept_are_made_up_for_by_the_rounds(
    page: Page, scripted: Scripted
) -> None:
    begun = False

    async def trim(route: Route) -> None:
        nonlocal begun
        if begun:
            await route.continue_()
            return
        begun = True
        await route.fetch()  # which lasts until the refinement has ended
        await route.fulfill(
            body='id: 4\nevent: events.trimmed\ndata: {"id": "rf"}\n\n', content_type="text/event-stream"
        )

    scripted.let_all()
    await page.route("**/events", trim)
    await _begin(page)
    await finished(page)

    await expect(a_round(page, "Draft").locator("code").first).to_have_text("def f(x):")
    await expect(a_round(page, "Revision 1").locator(".row.changed")).to_have_count(1)


async def test_candidates_stand_one_after_the_other_each_with_its_rounds(
    page: Page, scripted: Scripted
) -> None:
    scripted.let_all()
    await page.get_by_role("spinbutton", name="Candidates").fill("2")
    await _begin(page)
    await finished(page)

    names = await page.locator(".round h3").all_inner_texts()
    assert names == [f"Candidate {chain}, {name}" for chain in (1, 2) for name in ("draft", "revision 1")]
    steps = page.get_by_role("list", name="Rounds").get_by_role("listitem")
    assert [(await step.inner_text()).split("\n")[0] for step in await steps.all()] == [
        "1.0",
        "1.1",
        "2.0",
        "2.1",
    ]


async def test_only_what_is_known_of_the_models_at_work_is_noted(page: Page, scripted: Scripted) -> None:
    scripted.let_all()
    await expect(page.get_by_role("note")).to_contain_text("mini world only")
    await _begin(page)
    await finished(page)

    await expect(page.get_by_role("note")).to_be_hidden()
