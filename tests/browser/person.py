"""What a person does at the page."""

import json
from collections.abc import Sequence

from playwright.async_api import Locator, Page, TimeoutError, expect  # noqa: A004 - its own, of this name

PROBLEM = "Add one to a number."
FINISHED = "Finished: judged correct"


async def visit(page: Page, address: str) -> None:
    """Open the page, and again if a network that changes lost a part of it."""
    await page.goto(address)
    for _ in range(4):
        try:
            await page.wait_for_selector("html[data-ready]", state="attached", timeout=15_000)
        except TimeoutError:
            await page.reload()
        else:
            return
    raise AssertionError(f"{address} does not get ready")


async def choose_scripted(page: Page) -> None:
    """Have the models of the test at work."""
    await page.get_by_role("combobox", name="Generator").select_option("scripted-generator")
    await page.get_by_role("combobox", name="Critic", exact=True).select_option("scripted-critic")


def field(page: Page, name: str) -> Locator:
    """Find what is typed into, by how its label begins."""
    return page.get_by_role("textbox", name=name)


async def describe(
    page: Page, problem: str = PROBLEM, *, tests: Sequence[object] = (), entry_point: str = "f"
) -> None:
    """Fill in a task."""
    await field(page, "Problem").fill(problem)
    await field(page, "Function to write").fill(entry_point)
    await field(page, "Tests").fill(json.dumps(tests) if tests else "")


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def choose(page: Page, mode: str) -> None:
    """Choose what to do: Refine, Compare critics, Judge."""
    await page.get_by_role("radio", name=mode).check(force=True)


async def finished(page: Page, said: str = FINISHED) -> None:
    """Wait for the end of what is on the page."""
    for standing in await page.locator(".standing").all():
        await expect(standing).to_have_text(said, timeout=120_000)


def a_round(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)
