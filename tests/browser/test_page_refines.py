"""A person opens the page and sees a program being criticised and improved."""

import pytest
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_refinement_ends_with_a_judgment(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("button", name="Refine").click()

    await expect(page.get_by_role("status")).to_contain_text("Stopped", timeout=60_000)
