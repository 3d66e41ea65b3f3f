"""The page and what guards it."""

import re
from importlib.resources import files

import pytest

from tests.unit.api.world import World, client_of


@pytest.mark.parametrize(
    ("path", "media_type"), [("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css")]
)
async def test_the_page_is_served_and_lets_nothing_from_elsewhere_run(path: str, media_type: str) -> None:
    async with client_of(World().app()) as client:
        response = await client.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_the_page_asks_for_nothing_that_is_not_served_here() -> None:
    html = files("service.web").joinpath("index.html").read_text(encoding="utf-8")

    assert set(re.findall(r'(?:href|src)="([^"]+)"', html)) == {"/page.css", "/page.js"}
