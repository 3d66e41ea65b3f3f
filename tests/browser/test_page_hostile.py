"""Whatever a model, a program or a person writes is shown as text, and does nothing."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.person import a_round, choose, choose_scripted, describe, field, finished, press, visit
from tests.browser.scripted import Scripted, Town
from tests.openai_server import refusal

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MARKUP = (
    "</script></textarea></style><script>window.hacked=1</script>"
    "<img src=x onerror=window.hacked=1><svg onload=window.hacked=1>"
)
CRITIQUE = "Analysis:\n{0}\n\nImprovement suggestions:\n`{0}`\n\nOverall judgment: {1}"
DRAFT = f"def f(x):\n    print('''{MARKUP}''')\n    return '{MARKUP}'  # {MARKUP}"
REVISION = DRAFT.replace("return", "yield")


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(browser: Browser, town: Town) -> AsyncGenerator[Page, None]:
    """Open the page to try on it what it never does; the browser may complain of that."""
    context = await browser.new_context(base_url=town.url)
    page = await context.new_page()
    await visit(page, "/")
    yield page
    await context.close()


async def _is_unharmed(page: Page) -> None:
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("#stage img, #stage script, #stage svg, #stage style").count() == 0


async def test_markup_is_shown_as_it_was_written(page: Page, scripted: Scripted) -> None:
    scripted.write(DRAFT, REVISION)
    scripted.judge(lambda prompt: CRITIQUE.format(MARKUP, "Correct" if "yield" in prompt else "Incorrect"))
    scripted.let_all()
    await describe(page, MARKUP, tests=[{"args": [MARKUP], "expected": MARKUP + "!"}])
    await choose_scripted(page)
    await press(page, "Refine")
    await finished(page)
    await page.get_by_role("button", name="Test 1, draft: wrong answer").click()

    await expect(page.get_by_role("heading", level=2)).to_contain_text("</script></textarea>")
    for part in ("Analysis", "Suggestions"):
        section = a_round(page, "Draft").locator(
            ".critique section", has=page.get_by_role("heading", name=part)
        )
        await expect(section).to_contain_text(MARKUP)
    await expect(a_round(page, "Draft").locator("code").first).to_have_text("def f(x):")
    await expect(a_round(page, "Draft").locator("code").nth(1)).to_contain_text(MARKUP)
    await expect(page.get_by_role("region", name="What a test did")).to_contain_text(MARKUP)
    await _is_unharmed(page)


async def test_markup_in_an_error_and_in_a_judging_is_text(
    page: Page, town: Town, scripted: Scripted
) -> None:
    town.critic.answers.clear()
    town.critic.answer(refusal(400, MARKUP))
    await choose(page, "Judge")
    await describe(page, MARKUP)
    await page.get_by_role("combobox", name="Critic", exact=True).select_option("scripted-critic")
    await field(page, "Solution A").fill(DRAFT)
    await field(page, "Solution B").fill(REVISION)
    await press(page, "Judge")

    await expect(page.get_by_role("alert")).to_have_count(2)
    await expect(page.get_by_role("region", name="Solution A")).to_contain_text(MARKUP)
    await _is_unharmed(page)


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.innerHTML = '<b>x</b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
        "document.write('<b>x</b>')",
        "trustedTypes.createPolicy('mine', {createHTML: (text) => text})",
        "setTimeout('window.hacked = 1')",
        "new Worker('/page/main.js')",
    ],
)
async def test_the_browser_itself_refuses_to_make_markup_or_script_of_text(
    stranger: Page, attempt: str
) -> None:
    tried = f"() => {{ try {{ {attempt}; return null }} catch (error) {{ return error.name }} }}"

    assert await stranger.evaluate(tried) == "TypeError"


async def test_nothing_from_elsewhere_is_loaded_or_told(stranger: Page) -> None:
    refused = {"connect-src", "img-src", "frame-src", "style-src-elem", "style-src-attr"}
    violated = await stranger.evaluate(
        """async (refused) => {
          const violated = [];
          addEventListener("securitypolicyviolation", (event) => violated.push(event.effectiveDirective));
          await fetch("http://127.0.0.1:9/").catch(() => null);
          for (const [tag, name] of [["img", "src"], ["iframe", "src"], ["link", "href"]]) {
            const node = document.createElement(tag);
            node.rel = "stylesheet";
            node.setAttribute(name, "http://127.0.0.1:9/");
            document.body.append(node);
          }
          document.body.setAttribute("style", "color: red");
          const told = () => refused.every((each) => violated.includes(each));
          for (let tries = 0; tries < 200 && !told(); tries++)
            await new Promise((resolve) => setTimeout(resolve, 50));
          return violated;
        }""",
        sorted(refused),
    )

    assert set(violated) >= refused
